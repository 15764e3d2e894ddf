// The first cell of a chain, without a carry in where it makes its own.
//
// ABC9 ties what was left open to a constant, and nextpnr puts a whole cell in front that brings the constant in.
(* techmap_celltype = "CCU2C" *)
module carry_begins (CIN, A0, B0, C0, D0, A1, B1, C1, D1, S0, S1, COUT);
  parameter [15:0] INIT0 = 0, INIT1 = 0;
  parameter INJECT1_0 = "YES", INJECT1_1 = "YES";
  parameter _TECHMAP_CONSTMSK_CIN_ = 0;
  parameter _TECHMAP_CONSTVAL_C0_ = 0, _TECHMAP_CONSTVAL_D0_ = 0;
  input CIN, A0, B0, C0, D0, A1, B1, C1, D1;
  output S0, S1, COUT;
  // The first half's table is 0 whatever A and B are: it never hands a carry on.
  wire _TECHMAP_FAIL_ = !(
    _TECHMAP_CONSTMSK_CIN_ && _TECHMAP_CONSTVAL_C0_ === 1 && _TECHMAP_CONSTVAL_D0_ === 1 && INIT0[15:12] == 0
  );
  CCU2C #(.INIT0(INIT0), .INIT1(INIT1), .INJECT1_0(INJECT1_0), .INJECT1_1(INJECT1_1)) _TECHMAP_REPLACE_ (
    .CIN(1'bx), .A0(A0), .B0(B0), .C0(C0), .D0(D0), .A1(A1), .B1(B1), .C1(C1), .D1(D1), .S1(S1), .COUT(COUT)
  );
  assign S0 = 1'bx;
endmodule
