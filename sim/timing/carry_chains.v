// A sum of two, and a comparison of two, as the cell that Yosys gives a carry chain.
//
// Left alone, Yosys makes one cell of a sum of more than two and builds it of full adders, two look-up tables a bit for
// each number beyond the second; a carry chain after another takes one. Of a comparison it makes a tree of look-up tables,
// six deep for 32 bits: as long as two carry chains.
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
