# Statements act one after the other: the second reads what the first wrote;
# within one update all reads come before any write.
#: extents 4
#: set a = 1 2 3 4
#: run forward 0..1
#: expect a = 2 4 6 3
#: expect b = 3 7 11 10
stencil updates_in_order f64
dim x
function a(x)
function b(x)
step forward {
  a = a[x-1] + a[x+1];
  b = a[x-1] + 1;
  b += a;
}
