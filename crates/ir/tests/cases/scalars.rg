# The result of a reduction in the next statement, and in the next step.
#: extents 2
#: set u = 1 3
#: set s = 7
#: run forward 0..1
#: expect p = 7
#: expect s = 4
#: expect u = 0.25 0.75
#: run forward 1..2
#: expect p = 4
#: expect s = 1
#: expect u = 0.25 0.75
stencil scalars f64
dim x
time function u(x) levels 2
function p(x)
scalar s
step forward {
  p = s;
  s = sum of u;
  u[t+1] = u / s;
}
