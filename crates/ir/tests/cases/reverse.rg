# A forward step that records, and a reverse step that reads the record: the gradient of u[3] with
# respect to m is 3 m^2 u[0], and the adjoint counts levels in its own direction.
#: extents 2
#: steps 3
#: set m = 2 0.5
#: set u = 1 3
#: set adjoint = 1
#: run forward 0..3
#: expect u = 8 0.375
#: run back 0..3
#: expect gradient = 12 2.25
#: expect adjoint = 8 0.125
#: expect q@0 = 1 3
#: expect q@1 = 2 1.5
#: expect q@2 = 4 0.75
stencil reverse_pair f64
dim x
function m(x)
function gradient(x)
time function u(x) levels 2
time function adjoint(x) levels 2
tape q(x)
step forward {
  q = u;
  u[t+1] = m * u;
}
step back reverse {
  gradient += adjoint * q;
  adjoint[t+1] = m * adjoint;
}
