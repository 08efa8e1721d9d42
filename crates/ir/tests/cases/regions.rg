# Interior and shells, with run-time widths; x[-w :] is the last w points.
#: extents 5 6
#: width w = 1
#: run forward 0..1
#: expect u = 101 101 101 1 1 1 102 102 102 2 2 1 102 102 102 2 2 1 101 101 101 1 1 1 111 111
#: 111 11 11 11
#: run touch 0..1
#: expect u = 101 101 101 1 1 1 102 102 102 2 2 1 102 102 102 2 -1 1 101 101 101 1 1 1 111 111
#: 111 11 11 11
stencil regions f64
dim x, z
width w
region inner = x[w : -w - 1], z[: -w]
region far = x[-w :]
region top = z[: w + 2]
region line = x[2 : 3], z[4 : 5]
function u(x, z)
step forward {
  u = 1;
  in inner: u = 2;
  in far: u += 10;
  in top: u += 100;
}
step touch {
  in line: u = -1;
}
