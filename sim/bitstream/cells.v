// Models of the ECP5's cells that Yosys has none of, for a netlist that is simulated (netlist.py). What a cell can do
// and no netlist of ours asks for is left out; netlist.py refuses a netlist that asks for it.

// Yosys has a model of this one: a tree of choices, which for a whole card is ten times as much text.
module LUT4(input A, B, C, D, output Z);
    parameter [15:0] INIT = 0;
    assign Z = INIT >> {D, C, B, A};
endmodule

// Block RAM as 512 rows of 36 bits or 1,024 of 18, written at port A and read at port B. The lowest bits of the address at
// port A choose the parts of nine bits that are written. Of 36 bits both ports' data are the lower and the upper half.
// Source: Lattice FPGA-TN-02204, ECP5 memory usage guide.
//
// A part that is read while it is written is not defined, so every bit of it comes out wrong here: a design that reads it
// has been told that it must not mind. That holds of two clocks as well, by what port A is given at the edge of port B.
module DP16KD(
    input DIA0, DIA1, DIA2, DIA3, DIA4, DIA5, DIA6, DIA7, DIA8, DIA9, DIA10, DIA11, DIA12, DIA13, DIA14, DIA15, DIA16,
        DIA17, DIB0, DIB1, DIB2, DIB3, DIB4, DIB5, DIB6, DIB7, DIB8, DIB9, DIB10, DIB11, DIB12, DIB13, DIB14, DIB15,
        DIB16, DIB17,
    input ADA0, ADA1, ADA2, ADA3, ADA4, ADA5, ADA6, ADA7, ADA8, ADA9, ADA10, ADA11, ADA12, ADA13,
    input ADB0, ADB1, ADB2, ADB3, ADB4, ADB5, ADB6, ADB7, ADB8, ADB9, ADB10, ADB11, ADB12, ADB13,
    input CLKA, CEA, OCEA, WEA, RSTA, CSA0, CSA1, CSA2,
    input CLKB, CEB, OCEB, WEB, RSTB, CSB0, CSB1, CSB2,
    output DOA0, DOA1, DOA2, DOA3, DOA4, DOA5, DOA6, DOA7, DOA8, DOA9, DOA10, DOA11, DOA12, DOA13, DOA14, DOA15, DOA16,
        DOA17, DOB0, DOB1, DOB2, DOB3, DOB4, DOB5, DOB6, DOB7, DOB8, DOB9, DOB10, DOB11, DOB12, DOB13, DOB14, DOB15,
        DOB16, DOB17
);
    parameter DATA_WIDTH_A = 36, DATA_WIDTH_B = 36;
    parameter WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL";
    parameter REGMODE_A = "NOREG", REGMODE_B = "NOREG", RESETMODE = "ASYNC", ASYNC_RESET_RELEASE = "ASYNC";
    parameter CSDECODE_A = "0b000", CSDECODE_B = "0b000", CLKAMUX = "CLKA", CLKBMUX = "CLKB", GSR = "ENABLED";
    parameter [319:0]
        INITVAL_00 = 0, INITVAL_01 = 0, INITVAL_02 = 0, INITVAL_03 = 0, INITVAL_04 = 0, INITVAL_05 = 0, INITVAL_06 = 0,
        INITVAL_07 = 0, INITVAL_08 = 0, INITVAL_09 = 0, INITVAL_0A = 0, INITVAL_0B = 0, INITVAL_0C = 0, INITVAL_0D = 0,
        INITVAL_0E = 0, INITVAL_0F = 0, INITVAL_10 = 0, INITVAL_11 = 0, INITVAL_12 = 0, INITVAL_13 = 0, INITVAL_14 = 0,
        INITVAL_15 = 0, INITVAL_16 = 0, INITVAL_17 = 0, INITVAL_18 = 0, INITVAL_19 = 0, INITVAL_1A = 0, INITVAL_1B = 0,
        INITVAL_1C = 0, INITVAL_1D = 0, INITVAL_1E = 0, INITVAL_1F = 0, INITVAL_20 = 0, INITVAL_21 = 0, INITVAL_22 = 0,
        INITVAL_23 = 0, INITVAL_24 = 0, INITVAL_25 = 0, INITVAL_26 = 0, INITVAL_27 = 0, INITVAL_28 = 0, INITVAL_29 = 0,
        INITVAL_2A = 0, INITVAL_2B = 0, INITVAL_2C = 0, INITVAL_2D = 0, INITVAL_2E = 0, INITVAL_2F = 0, INITVAL_30 = 0,
        INITVAL_31 = 0, INITVAL_32 = 0, INITVAL_33 = 0, INITVAL_34 = 0, INITVAL_35 = 0, INITVAL_36 = 0, INITVAL_37 = 0,
        INITVAL_38 = 0, INITVAL_39 = 0, INITVAL_3A = 0, INITVAL_3B = 0, INITVAL_3C = 0, INITVAL_3D = 0, INITVAL_3E = 0,
        INITVAL_3F = 0;
    // Sixteen half rows each, the lowest first, 20 bits apart.
    localparam [20479:0] INIT = {
        INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38, INITVAL_37,
        INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E,
        INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28, INITVAL_27, INITVAL_26, INITVAL_25,
        INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C,
        INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13,
        INITVAL_12, INITVAL_11, INITVAL_10, INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A,
        INITVAL_09, INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01,
        INITVAL_00
    };

    localparam WIDE = DATA_WIDTH_A == 36;
    // Numbers of halves; of a wide row that of the lower one.
    wire [9:0] written = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, WIDE ? 1'b0 : ADA4};
    wire [9:0] asked = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, WIDE ? 1'b0 : ADB4};
    wire [3:0] parts = {WIDE ? {ADA3, ADA2} : 2'b00, ADA1, ADA0} & {4{CEA & WEA}};
    wire [17:0] given_a = {
        DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0
    };
    wire [17:0] given_b = {
        DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0
    };
    reg [17:0] halves [0:1023];
    reg [35:0] shown = 0;
    integer i;
    initial
        for (i = 0; i < 1024; i = i + 1)
            halves[i] = INIT[i * 20 +: 18];
    always @(posedge CLKA) begin
        if (parts[0]) halves[written][8:0] <= given_a[8:0];
        if (parts[1]) halves[written][17:9] <= given_a[17:9];
        if (parts[2]) halves[written | 10'd1][8:0] <= given_b[8:0];
        if (parts[3]) halves[written | 10'd1][17:9] <= given_b[17:9];
    end
    wire [3:0] undefined = parts & {4{written == asked}};
    wire [35:0] wrong = {{9{undefined[3]}}, {9{undefined[2]}}, {9{undefined[1]}}, {9{undefined[0]}}};
    always @(posedge CLKB)
        if (CEB) shown <= {halves[asked | 10'd1], halves[asked]} ^ wrong;
    assign {
        DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1,
        DOB0, DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2,
        DOA1, DOA0
    } = WIDE ? shown : {shown[17:0], 18'd0};
endmodule

// Multiplier without registers. Source: Lattice FPGA-TN-02205, ECP5 sysDSP usage guide.
module MULT18X18D(
    input A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15, A16, A17,
    input B0, B1, B2, B3, B4, B5, B6, B7, B8, B9, B10, B11, B12, B13, B14, B15, B16, B17,
    input C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, C15, C16, C17,
    input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    output P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21, P22, P23,
        P24, P25, P26, P27, P28, P29, P30, P31, P32, P33, P34, P35
);
    wire [17:0] a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
    wire [17:0] b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
    wire [35:0] product = {{18{SIGNEDA & A17}}, a} * {{18{SIGNEDB & B17}}, b};
    assign {
        P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15, P14,
        P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
    } = product;
endmodule

// A pin sampled at both edges, and one driven at both. Source: Lattice FPGA-TN-02035, ECP5 high-speed I/O interface.
module IDDRX1F(input D, SCLK, RST, output reg Q0, Q1);
    reg early = 0, late = 0;
    initial {Q0, Q1} = 0;
    always @(negedge SCLK) late <= D;
    always @(posedge SCLK) begin
        early <= D;
        Q0 <= early;
        Q1 <= late;
    end
endmodule

module ODDRX1F(input D0, D1, SCLK, RST, output Q);
    reg [1:0] taken = 0, ready = 0, shown = 0;
    always @(posedge SCLK) begin
        taken <= {D1, D0};
        ready <= taken;
        shown <= ready;
    end
    assign Q = SCLK ? shown[0] : shown[1];
endmodule

// A pin that is used in one direction only.
module TRELLIS_IO(inout B, input I, T, output O);
    parameter DIR = "INPUT";
    generate
        if (DIR == "INPUT") assign O = B;
        else assign B = I;
    endgenerate
endmodule

// Time within a cycle is not simulated.
module DELAYG(input A, output Z);
    parameter DEL_MODE = "SCLK_ALIGNED", DEL_VALUE = 0;
    assign Z = A;
endmodule

// A flip-flop that hears the part's reset net (SGSR), which sets it whatever else it is told: here, at the next edge of
// its clock. Source: Lattice FPGA-TN-02200, ECP5 sysCLOCK guide, and the FPGA libraries reference (SGSR).
module RESET_FF(input CLK, LSR, CE, DI, M, GSR_NET, output Q);
    parameter GSR = "ENABLED", CLKMUX = "CLK", LSRMUX = "LSR", SRMODE = "LSR_OVER_CE", REGSET = "RESET";
    parameter [127:0] CEMUX = "1", LSRMODE = "LSR";
    wire enabled = CEMUX == "1" ? 1'b1 : CEMUX == "0" ? 1'b0 : CEMUX == "INV" ? ~CE : CE;
    wire set = (LSRMUX == "INV" ? ~LSR : LSR) & (SRMODE == "CE_OVER_LSR" ? enabled : 1'b1);
    TRELLIS_FF #(
        .CEMUX("CE"), .CLKMUX(CLKMUX), .LSRMUX("LSR"), .SRMODE(SRMODE == "ASYNC" ? "ASYNC" : "LSR_OVER_CE"),
        .REGSET(REGSET), .LSRMODE(LSRMODE)
    )
        heard(.CLK(CLK), .LSR(set | ~GSR_NET), .CE(enabled), .DI(DI), .M(M), .Q(Q));
endmodule
