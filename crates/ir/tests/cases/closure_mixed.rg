# Different answers on the sides of different dimensions; signs of two odd mirrors cancel.
#: extents 3 3
#: set a = 1 2 3 4 5 6 7 8 9
#: run forward 0..1
#: expect u = 505 596 495 798 901 802 795 904 805
stencil closure_mixed f64
dim x, z
function a(x, z)
function u(x, z)
step forward {
  u = a[x-1 odd|clamp, z-1 odd|even] + 100 * a[x+1 odd|clamp, z+1 odd|even];
}
