// A sum as cells of the ECP5's carry chain, begun in half a cell.
//
// A chain has no carry to begin with: for one that is given, even a constant, nextpnr puts a whole cell in front. Here
// the first half of the first cell makes it: where the number of bits is odd, so that the halves come out even, of the
// carry in alone; else of bit 0 as well, whose sum is then a look-up table.
(* techmap_celltype = "$alu" *)
module carry_cells (A, B, CI, BI, X, Y, CO);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  parameter _TECHMAP_CONSTMSK_CI_ = 0, _TECHMAP_CONSTVAL_CI_ = 0;
  parameter _TECHMAP_CONSTMSK_BI_ = 0, _TECHMAP_CONSTVAL_BI_ = 0;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  input CI, BI;
  output [Y_WIDTH-1:0] X, Y, CO;
  localparam ODD = Y_WIDTH % 2;
  localparam CONSTANT = _TECHMAP_CONSTMSK_CI_ && _TECHMAP_CONSTMSK_BI_;
  // What Yosys makes of few bits are look-up tables; a carry that is a signal is left to it where it saves nothing.
  wire _TECHMAP_FAIL_ = Y_WIDTH <= 4 || !(ODD || CONSTANT);
  localparam CELLS = (Y_WIDTH + 1) / 2;
  wire [Y_WIDTH-1:0] left, right;
  // Of a number whose sign is turned there is no A.
  generate
    if (A_WIDTH == 0)
      assign left = 0;
    else
      \$pos #(.A_SIGNED(A_SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) wide_a (.A(A), .Y(left));
  endgenerate
  \$pos #(.A_SIGNED(B_SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) wide_b (.A(B), .Y(right));
  // By half: what it adds; before bit 0 the carry in, where the first half has that alone.
  wire [2*CELLS-1:0] a = ODD ? {left, CI} : left;
  wire [2*CELLS-1:0] b = ODD ? {right, 1'b1} : right;
  // The sum's table looks at A, B and whether B is inverted; where it is 0 the carry is A.
  localparam [15:0] ADDS = 16'h96aa;
  // The first half's is 0 whatever A and B are, and its lowest four bits are the carry: A; or that of bit 0, by A and
  // B, without and with a carry in, without and with an inversion: and, or, and so on.
  localparam [15:0] BEGINS =
    ODD ? 16'h000a :
    _TECHMAP_CONSTVAL_CI_ ? (_TECHMAP_CONSTVAL_BI_ ? 16'h000b : 16'h000e) :
    (_TECHMAP_CONSTVAL_BI_ ? 16'h0002 : 16'h0008);
  wire [2*CELLS-1:0] sums;
  wire [CELLS:0] carry;
  // Of no matter, since the first half makes its own.
  assign carry[0] = 1'bx;
  genvar i;
  generate
    for (i = 0; i < CELLS; i = i + 1) begin : cells
      CCU2C #(.INIT0(i == 0 ? BEGINS : ADDS), .INIT1(ADDS), .INJECT1_0("NO"), .INJECT1_1("NO")) adds (
        .CIN(carry[i]), .COUT(carry[i+1]), .S0(sums[2*i]), .S1(sums[2*i+1]),
        .A0(a[2*i]), .B0(b[2*i]), .C0(i == 0 ? 1'b1 : BI), .D0(1'b1),
        .A1(a[2*i+1]), .B1(b[2*i+1]), .C1(BI), .D1(1'b1)
      );
    end
  endgenerate
  assign Y = {sums[2*CELLS-1:ODD+1], ODD ? sums[1] : left[0] ^ right[0] ^ BI ^ CI};
  wire [Y_WIDTH-1:0] added = right ^ {Y_WIDTH{BI}};
  assign X = left ^ added;
  assign CO = (left & added) | ((Y ^ X) & (left | added));
endmodule
