# A set-up step computes a coefficient once; the other steps read it.
#: extents 2
#: param dt = 0.5
#: set m = 1 2
#: run prepare 0..1
#: run forward 0..4
#: expect u = 1 0.5
stencil set_up f64
dim x
param dt
function m(x)
function c(x)
time function u(x) levels 2
step prepare {
  c = dt^2 / m;
}
step forward {
  u[t+1] = u + c;
}
