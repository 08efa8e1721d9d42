# Sums run in f64, each row from zero along the last dimension, rows in order; 2^53 + 1 loses the
# one. The working precision is f32.
#: extents 2 3
#: width w = 1
#: set a = 9007199254740992 1 1 -9007199254740992 0.5 0.25
#: run forward 0..1
#: expect total = 0
#: expect least = -9007199254740992
#: expect most = 18014398509481984
#: expect part = 2.3125
#: expect uniform = 3
stencil reductions f32
dim x, z
width w
region inner = z[w :]
function a(x, z)
scalar total, least, most, part, uniform
step forward {
  total = sum of a;
  least = min of a;
  most = max of a * 2;
  in inner: part = sum of a * a;
  uniform = sum of 0.5;
}
