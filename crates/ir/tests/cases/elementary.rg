# Elementary functions: the standard ones, each within two units in the last place of its value.
#: extents 3
#: tolerance 4.5e-16
#: set a = 0.5 1.25 2
#: run forward 0..1
#: expect e = 1.6487212707001282 3.4903429574618414 7.38905609893065
#: expect l = -0.6931471805599453 0.22314355131420976 0.6931471805599453
#: expect s = 0.479425538604203 0.9489846193555862 0.9092974268256817
#: expect c = 0.8775825618903728 0.3153223623952687 -0.4161468365471424
#: expect g = 0.5463024898437905 3.0095696738628313 -2.185039863261519
#: expect h = 0.46211715726000974 0.8482836399575129 0.9640275800758169
#: expect p = 0.3535533905932738 1.3975424859373686 2.8284271247461903
#: expect r = 0.5 1.25 2
#: expect m = 0.5 1.25 2
stencil elementary f64
dim x
function a(x)
function e(x)
function l(x)
function s(x)
function c(x)
function g(x)
function h(x)
function p(x)
function r(x)
function m(x)
step forward {
  e = exp(a);
  l = ln(a);
  s = sin(a);
  c = cos(a);
  g = tan(a);
  h = tanh(a);
  p = a^1.5;
  r = sqrt(a * a);
  m = abs(-a);
}
