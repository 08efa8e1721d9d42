# Layers wider than the grid: the low layer takes what there is, the interior is empty.
#: extents 3
#: width w = 2
#: run forward 0..1
#: expect u = 1 101 100
#: expect s = 0
stencil regions_meet f64
dim x
width w
region low = x[: w]
region inner = x[w : -w]
region high = x[-w :]
function u(x)
scalar s
step forward {
  in low: u += 1;
  in inner: u += 10;
  in high: u += 100;
  in inner: s = sum of u;
}
