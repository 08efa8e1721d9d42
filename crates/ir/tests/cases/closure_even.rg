# The mirror image about the outermost grid point.
#: extents 4
#: set a = 1 2 3 4
#: run forward 0..1
#: expect u = 3 2 1 2
#: expect v = 3 4 3 2
stencil closure_even f64
dim x
function a(x)
function u(x)
function v(x)
step forward {
  u = a[x-2 even];
  v = a[x+2 even];
}
