# Comparisons and the branch taken; unordered comparisons are false, except of inequality.
#: extents 5
#: set a = 1 2 3 nan 5
#: set b = 2 2 2 1 nan
#: run forward 0..1
#: expect lt = 1 2 2 2 2
#: expect le = 1 1 2 2 2
#: expect eq = 2 1 2 2 2
#: expect ne = 1 2 1 1 1
#: expect lo = 1 2 2 nan 5
#: expect hi = 2 2 3 nan 5
stencil select_min_max f64
dim x
function a(x)
function b(x)
function lt(x)
function le(x)
function eq(x)
function ne(x)
function lo(x)
function hi(x)
step forward {
  lt = select(a < b, 1, 2);
  le = select(a <= b, 1, 2);
  eq = select(a == b, 1, 2);
  ne = select(a != b, 1, 2);
  lo = min(a, b);
  hi = max(a, b);
}
