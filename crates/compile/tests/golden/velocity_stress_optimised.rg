stencil velocity_stress_adjoint f64

dim x, z
param dt, h_x, h_z
time function vx(x, z) levels 2 staggered(x)
function b(x, z)
function coef(x, z) staggered(x)
time function p(x, z) levels 2
time function vz(x, z) levels 2 staggered(z)
function coef_1(x, z) staggered(z)
function k(x, z)
time function vx_adj(x, z) levels 2 staggered(x)
time function vz_adj(x, z) levels 2 staggered(z)
time function p_adj(x, z) levels 2
time function vx_adj_w(x, z) levels 2 staggered(x)
time function vz_adj_w(x, z) levels 2 staggered(z)
function p_adj_w(x, z)
function b_grad(x, z)
function k_grad(x, z)
tape p_tape(x, z)
function coef_grad(x, z) staggered(x)
tape vx_tape(x, z) staggered(x)
function coef_1_grad(x, z) staggered(z)
tape vz_tape(x, z) staggered(z)
time function vx_seed(x, z) levels 2 staggered(x)
function vx_initial_0(x, z) staggered(x)
time function vz_seed(x, z) levels 2 staggered(z)
function vz_initial_0(x, z) staggered(z)
time function p_seed(x, z) levels 2
function p_initial_0(x, z)
sparse src linear
sparse rec linear
sparse src_adj linear
sparse rec_adj linear

step forward {
  let e1 = b * 0.5;
  let e2 = 1.125 * dt;
  let e3 = -(e2 / h_x);
  let e4 = 0.041666666666666664 * dt;
  let e5 = e4 / h_x;
  vx[t+1] = fma(fma(0.5, b[x+1 clamp], e1), fma(e3, p - p[x+1], e5 * (p[x-1] - p[x+2])), vx);
  let e6 = -(e2 / h_z);
  let e7 = e4 / h_z;
  vz[t+1] = fma(fma(0.5, b[z+1 clamp], e1), fma(e6, p - p[z+1], e7 * (p[z-1] - p[z+2])), vz);
  p[t+1] = fma(k, fma(e6, vz[t+1, z-1] - vz[t+1], fma(e7, vz[t+1, z-2] - vz[t+1, z+1], fma(e3,
      vx[t+1, x-1] - vx[t+1], e5 * (vx[t+1, x-2] - vx[t+1, x+1])))), p);
  inject src into p[t+1]: src * dt;
  interpolate rec: p + p[t+1];
}

step setup {
  let e1 = b * 0.5;
  coef = e1 + b[x+1 clamp] * 0.5;
  coef_1 = e1 + b[z+1 clamp] * 0.5;
}

step record {
  let e1 = b * 0.5;
  let e2 = 1.125 * dt;
  let e3 = -(e2 / h_x);
  let e4 = 0.041666666666666664 * dt;
  let e5 = e4 / h_x;
  let e6 = fma(e3, p - p[x+1], e5 * (p[x-1] - p[x+2]));
  vx[t+1] = fma(fma(0.5, b[x+1 clamp], e1), e6, vx);
  vx_tape = e6;
  let e7 = -(e2 / h_z);
  let e8 = e4 / h_z;
  let e9 = fma(e7, p - p[z+1], e8 * (p[z-1] - p[z+2]));
  vz[t+1] = fma(fma(0.5, b[z+1 clamp], e1), e9, vz);
  vz_tape = e9;
  let e10 = fma(e7, vz[t+1, z-1] - vz[t+1], fma(e8, vz[t+1, z-2] - vz[t+1, z+1], fma(e3, vx[t+1,
      x-1] - vx[t+1], e5 * (vx[t+1, x-2] - vx[t+1, x+1]))));
  p[t+1] = fma(k, e10, p);
  p_tape = e10;
  inject src into p[t+1]: src * dt;
  interpolate rec: p + p[t+1];
}

step reverse reverse {
  let e1 = 1.125 * dt;
  let e2 = -(e1 / h_x);
  let e3 = 0.041666666666666664 * dt;
  let e4 = e3 / h_x;
  let e5 = -(e1 / h_z);
  let e6 = e3 / h_z;
  p_adj[t+1] = fma(e5, vz_adj_w - vz_adj_w[z-1], fma(e6, vz_adj_w[z+1] - vz_adj_w[z-2], fma(e2,
      vx_adj_w - vx_adj_w[x-1], e4 * (vx_adj_w[x+1] - vx_adj_w[x-2])))) + p_adj;
  p_adj_w = k * p_adj[t+1];
  k_grad += p_adj[t+1] * p_tape;
  inject rec_adj into p_adj[t+1]: rec_adj[t+1];
  inject rec_adj into p_adj_w: k * rec_adj[t+1];
  inject rec_adj into k_grad: p_tape * rec_adj[t+1];
  inject rec_adj into p_adj[t+1]: rec_adj;
  inject rec_adj into p_adj_w: k * rec_adj;
  vz_adj[t+1] = fma(e5, p_adj_w[z+1] - p_adj_w, fma(e6, p_adj_w[z+2] - p_adj_w[z-1], vz_adj));
  let e7 = b * 0.5;
  vz_adj_w[t+1] = fma(0.5, b[z+1 clamp], e7) * vz_adj[t+1];
  coef_1_grad += vz_adj[t+1] * vz_tape;
  vx_adj[t+1] = fma(e2, p_adj_w[x+1] - p_adj_w, fma(e4, p_adj_w[x+2] - p_adj_w[x-1], vx_adj));
  vx_adj_w[t+1] = fma(0.5, b[x+1 clamp], e7) * vx_adj[t+1];
  coef_grad += vx_adj[t+1] * vx_tape;
  inject rec_adj into k_grad: p_tape * rec_adj;
  interpolate src_adj: dt * p_adj[t+1];
}

step reverse_seeded reverse {
  let e1 = 1.125 * dt;
  let e2 = -(e1 / h_x);
  let e3 = 0.041666666666666664 * dt;
  let e4 = e3 / h_x;
  let e5 = -(e1 / h_z);
  let e6 = e3 / h_z;
  p_adj[t+1] = fma(e5, vz_adj_w - vz_adj_w[z-1], fma(e6, vz_adj_w[z+1] - vz_adj_w[z-2], fma(e2,
      vx_adj_w - vx_adj_w[x-1], e4 * (vx_adj_w[x+1] - vx_adj_w[x-2])))) + (p_adj + p_seed);
  p_adj_w = k * p_adj[t+1];
  k_grad += p_adj[t+1] * p_tape;
  inject rec_adj into p_adj[t+1]: rec_adj[t+1];
  inject rec_adj into p_adj_w: k * rec_adj[t+1];
  inject rec_adj into k_grad: p_tape * rec_adj[t+1];
  inject rec_adj into p_adj[t+1]: rec_adj;
  inject rec_adj into p_adj_w: k * rec_adj;
  vz_adj[t+1] = fma(e5, p_adj_w[z+1] - p_adj_w, fma(e6, p_adj_w[z+2] - p_adj_w[z-1], vz_adj +
      vz_seed));
  let e7 = b * 0.5;
  vz_adj_w[t+1] = fma(0.5, b[z+1 clamp], e7) * vz_adj[t+1];
  coef_1_grad += vz_adj[t+1] * vz_tape;
  vx_adj[t+1] = fma(e2, p_adj_w[x+1] - p_adj_w, fma(e4, p_adj_w[x+2] - p_adj_w[x-1], vx_adj +
      vx_seed));
  vx_adj_w[t+1] = fma(0.5, b[x+1 clamp], e7) * vx_adj[t+1];
  coef_grad += vx_adj[t+1] * vx_tape;
  inject rec_adj into k_grad: p_tape * rec_adj;
  interpolate src_adj: dt * p_adj[t+1];
}

step initial_0 {
  vx_initial_0 = vx_adj;
  vz_initial_0 = vz_adj;
  let e1 = 1.125 * dt;
  let e2 = 0.041666666666666664 * dt;
  p_initial_0 = fma(-(e1 / h_z), vz_adj_w - vz_adj_w[z-1], fma(e2 / h_z, vz_adj_w[z+1] -
      vz_adj_w[z-2], fma(-(e1 / h_x), vx_adj_w - vx_adj_w[x-1], e2 / h_x * (vx_adj_w[x+1] -
      vx_adj_w[x-2])))) + p_adj;
  inject rec_adj into p_initial_0: rec_adj;
}

step finish {
  b_grad += 0.5 * coef_1_grad;
  b_grad += 0.5 * coef_1_grad[z-1 fold clamp];
  b_grad += 0.5 * coef_grad;
  b_grad += 0.5 * coef_grad[x-1 fold clamp];
}
