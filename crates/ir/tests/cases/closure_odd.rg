# The negative mirror image about the outermost grid point; on the high side zero.
#: extents 4
#: set a = 1 2 3 4
#: run forward 0..1
#: expect u = -1 1 5 2
#: expect v = 3 4 -3 -2
stencil closure_odd f64
dim x
function a(x)
function u(x)
function v(x)
step forward {
  u = a[x-2 odd] + a[x+1 odd|zero];
  v = a[x+2 odd];
}
