# The samples of v sit at 0.5, 1.5, ... along x: a point at 1.5 lies on one of them, a point at 1
# halfway between two. The samples of p sit at 0, 1, ...
#: extents 4
#: points s = 1.5, 1
#: points r = 1.5, 1
#: points q = 1.5, 1
#: set p = 0 1 4 9
#: set v = 1
#: set s = 16 32
#: run forward 0..1
#: expect v = 16 30 -4 10
#: expect p = 0 3 6 -5
#: expect r = 30 23
#: expect q = 4.5 3
stencil staggered f64
dim x
time function v(x) levels 2 staggered(x)
time function p(x) levels 2
sparse s linear
sparse r linear
sparse q linear
step forward {
  v[t+1] = v - (p[x+1] - p);
  p[t+1] = p - (v[t+1] - v[t+1, x-1]);
  inject s into v[t+1]: s;
  interpolate r: v[t+1];
  interpolate q: p[t+1];
}
