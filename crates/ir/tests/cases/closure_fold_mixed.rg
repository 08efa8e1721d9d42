# Folds along one dimension, folds or images along the other.
#: extents 5 6
#: set a = 11 12 13 14 15 16 21 22 23 24 25 26 31 32 33 34 35 36 41 42 43 44 45 46 51 52 53 54 55 56
#: run forward 0..1
#: expect u = -32 -31 31 32 33 34 -64 -62 62 64 66 68 -64 -62 62 64 66 68 0 0 0 0 0 0 0 0 0 0 0 0
#: expect v = 0 11 12 13 14 31 0 11 12 13 14 31 0 21 22 23 24 51 0 31 32 33 34 71 0 41 42 43 44 91
#: expect w = 0 21 22 49 24 25 13 33 36 85 34 35 23 43 46 115 44 45 -20 51 52 89 54 55 43 13 16 75 14 15
stencil closure_fold_mixed f64
dim x, z
function a(x, z)
function u(x, z)
function v(x, z)
function w(x, z)
step forward {
  u = a[x+2 fold even|zero, z-2 half odd|zero];
  v = a[x-1 clamp|zero, z-1 fold zero|clamp];
  w = a[x-1 fold zero|odd, z+2 fold odd|even] + a[x+1 periodic, z-1 fold half even];
}
