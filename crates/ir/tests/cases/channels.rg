# Four dimensions, one of them channels that a function may lack.
#: extents 2 2 2 2
#: set weight = 1 10
#: set a = 1 2 3 4 5 6 7 8
#: run forward 0..1
#: expect u = -30 10 -30 30 -70 -80 -70 -80 -3 1 -3 3 -7 -8 -7 -8
stencil channels f64
dim c, x, y, z
function weight(c)
function a(x, y, z)
function u(c, x, y, z)
step forward {
  u = weight[c+1 periodic] * (a[x+1, z-1] - a[y+1 clamp]);
}
