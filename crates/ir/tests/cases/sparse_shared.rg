# Two points on one grid point, one of them between: contributions add in the order of the points
# before they are added to the target.
#: extents 3
#: points s = 1, 1, 1.5
#: set u = 1 16777216 2
#: set s = 1 -1 0.5
#: run forward 0..1
#: expect u = 1 20971520 2.5
stencil sparse_shared f32
dim x
function u(x)
sparse s linear
step forward {
  inject s into u: s * u;
}
