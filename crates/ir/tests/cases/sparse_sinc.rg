# Kaiser-windowed sinc of radius 4 (window width 6.31): eight grid points, those outside the grid
# dropped without renormalising. The tolerance covers the evaluation of the window.
#: extents 8
#: tolerance 1e-14
#: points s = 3.3, 0.75
#: points r = 3.3, 0.75
#: set u = 0 1 4 2 2 4 1 0
#: set s = 2 -1
#: run forward 0..1
#: expect r = 1.492369920673817 0.4115450327585749
#: expect u = -0.2844770601986449 0.18888396718065947 3.845264748621761 3.6516790791994103
#: 2.679506147055495 3.824509473045999 1.0428435022275497 -0.004744943434062098
stencil sparse_sinc f64
dim x
function u(x)
sparse s sinc 4
sparse r sinc 4
step forward {
  interpolate r: u;
  inject s into u: s;
}
