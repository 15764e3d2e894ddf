// A sum of two, and a comparison of two, as the cell that Yosys gives a carry chain; and whether two are equal, as a
// chain itself.
//
// Left alone, Yosys makes one cell of a sum of more than two and builds it of full adders, two look-up tables a bit for
// each number beyond the second; a carry chain after another takes one. Of a comparison it makes a tree of look-up
// tables, six deep for 32 bits: as long as two carry chains.
(* techmap_celltype = "$add" *)
module chained_sum (A, B, Y);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  wire [Y_WIDTH-1:0] X, CO;
  \$alu #(
    .A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)
  ) sum (.A(A), .B(B), .CI(1'b0), .BI(1'b0), .X(X), .Y(Y), .CO(CO));
endmodule

(* techmap_celltype = "$lt $le $gt $ge" *)
module chained_comparison (A, B, Y);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";
  parameter _TECHMAP_CONSTMSK_A_ = 0, _TECHMAP_CONSTMSK_B_ = 0;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  // One bit more than the wider one has: the sign of the difference.
  localparam BITS = (A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH) + 1;
  // Few bits, or a constant, take fewer look-up tables than they would pass on a chain.
  localparam CONSTANT = &_TECHMAP_CONSTMSK_A_ || &_TECHMAP_CONSTMSK_B_;
  localparam LEFT = BITS <= 8 || CONSTANT || A_WIDTH == 0 || B_WIDTH == 0;
  wire _TECHMAP_FAIL_ = LEFT;
  localparam SWAPPED = _TECHMAP_CELLTYPE_ == "$gt" || _TECHMAP_CELLTYPE_ == "$le";
  localparam NEGATED = _TECHMAP_CELLTYPE_ == "$ge" || _TECHMAP_CELLTYPE_ == "$le";
  wire [BITS-1:0] difference, X, CO;
  generate
    if (!LEFT && SWAPPED)
      \$alu #(
        .A_SIGNED(B_SIGNED), .B_SIGNED(A_SIGNED), .A_WIDTH(B_WIDTH), .B_WIDTH(A_WIDTH), .Y_WIDTH(BITS)
      ) less (.A(B), .B(A), .CI(1'b1), .BI(1'b1), .X(X), .Y(difference), .CO(CO));
    if (!LEFT && !SWAPPED)
      \$alu #(
        .A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH), .Y_WIDTH(BITS)
      ) less (.A(A), .B(B), .CI(1'b1), .BI(1'b1), .X(X), .Y(difference), .CO(CO));
  endgenerate
  assign Y = difference[BITS-1] ^ NEGATED;
endmodule

// Half a cell of a chain looks at two bits of both, as a look-up table does, and hands on that all before were equal: a
// tree of tables takes a third more of them, and wires between them. References, of 64 bits, are compared at many
// places close together, where wires are scarce, and a router cannot exchange the inputs of a chain: they are left to
// trees.
(* techmap_celltype = "$eq $ne" *)
module chained_equality (A, B, Y);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";
  parameter _TECHMAP_CONSTMSK_A_ = 0, _TECHMAP_CONSTMSK_B_ = 0;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  localparam BITS = A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH;
  localparam CONSTANT = |_TECHMAP_CONSTMSK_A_ || |_TECHMAP_CONSTMSK_B_;
  wire _TECHMAP_FAIL_ = BITS < 24 || BITS > 48 || CONSTANT || A_WIDTH != B_WIDTH || Y_WIDTH != 1;
  // The first half begins the chain with bit 0, whatever its carry in: one that is a constant takes a cell more. Then
  // come pairs, then the half that lets the carry out.
  localparam PAIRS = BITS / 2;
  localparam CELLS = (PAIRS + 3) / 2;
  // Bits that are not there are equal.
  wire [2*PAIRS:0] left = {1'b0, A}, right = {1'b0, B};
  wire [CELLS:0] alike;
  wire [2*CELLS-1:0] out;
  assign alike[0] = 1'bx;
  genvar i;
  generate
    for (i = 0; i < CELLS; i = i + 1) begin : cells
      wire a0, b0, c0, d0, a1, b1, c1, d1;
      if (i == 0)
        assign {a0, b0, c0, d0} = {left[0], right[0], 2'b11};
      else if (2 * i <= PAIRS)
        assign {a0, b0, c0, d0} = {left[4*i-1], right[4*i-1], left[4*i], right[4*i]};
      else
        assign {a0, b0, c0, d0} = 4'b1111;
      if (2 * i + 1 <= PAIRS)
        assign {a1, b1, c1, d1} = {left[4*i+1], right[4*i+1], left[4*i+2], right[4*i+2]};
      else
        assign {a1, b1, c1, d1} = 4'b1111;
      CCU2C #(
        .INIT0(i == 0 ? 16'h0009 : 2 * i <= PAIRS ? 16'h9009 : 16'h0000),
        .INIT1(2 * i + 1 <= PAIRS ? 16'h9009 : 16'h0000),
        .INJECT1_0(i == 0 || 2 * i > PAIRS ? "NO" : "YES"), .INJECT1_1(2 * i + 1 > PAIRS ? "NO" : "YES")
      ) compared (
        .CIN(alike[i]), .A0(a0), .B0(b0), .C0(c0), .D0(d0), .A1(a1), .B1(b1), .C1(c1), .D1(d1),
        .S0(out[2*i]), .S1(out[2*i+1]), .COUT(alike[i+1])
      );
    end
  endgenerate
  assign Y = out[PAIRS+1] ^ (_TECHMAP_CELLTYPE_ == "$ne");
endmodule
