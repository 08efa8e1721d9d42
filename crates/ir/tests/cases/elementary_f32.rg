# The same in f32, to one unit in the last place of the largest value.
#: extents 3
#: tolerance 1.2e-7
#: set a = 0.5 1.25 2
#: run forward 0..1
#: expect e = 1.6487212181091309 3.490342855453491 7.389056205749512
#: expect s = 0.4794255495071411 0.9489846229553223 0.9092974066734314
#: expect h = 0.46211716532707214 0.8482836484909058 0.9640275835990906
stencil elementary_f32 f32
dim x
function a(x)
function e(x)
function s(x)
function h(x)
step forward {
  e = exp(a);
  s = sin(a);
  h = tanh(a);
}
