stencil velocity_stress_adjoint f64

dim x, z
param dt, h_x, h_z
time function vx(x, z) levels 2 staggered(x)
function b(x, z)
time function p(x, z) levels 2
time function vz(x, z) levels 2 staggered(z)
function k(x, z)
time function vx_adj(x, z) levels 2 staggered(x)
time function vz_adj(x, z) levels 2 staggered(z)
time function p_adj(x, z) levels 2
time function vx_adj_w(x, z) levels 2 staggered(x)
time function vx_adj_w_1(x, z) levels 2 staggered(x)
time function vz_adj_w(x, z) levels 2 staggered(z)
time function vz_adj_w_1(x, z) levels 2 staggered(z)
time function p_adj_w(x, z) levels 2
function b_grad(x, z)
tape vx_tape(x, z) staggered(x)
time function vx_adj_w_2(x, z) levels 2 staggered(x)
tape vx_tape_1(x, z) staggered(x)
tape vz_tape(x, z) staggered(z)
time function vz_adj_w_2(x, z) levels 2 staggered(z)
tape vz_tape_1(x, z) staggered(z)
function k_grad(x, z)
tape p_tape(x, z)
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

step record {
  let e1 = b * 0.5;
  let e2 = 1.125 * dt;
  let e3 = -(e2 / h_x);
  let e4 = p - p[x+1];
  let e5 = 0.041666666666666664 * dt;
  let e6 = e5 / h_x;
  let e7 = p[x-1] - p[x+2];
  vx[t+1] = fma(fma(0.5, b[x+1 clamp], e1), fma(e3, e4, e6 * e7), vx);
  let e8 = 0.5625 * dt;
  let e9 = 0.020833333333333332 * dt;
  let e10 = fma(-(e8 / h_x), e4, e9 / h_x * e7);
  vx_tape = e10;
  vx_tape_1 = e10;
  let e11 = -(e2 / h_z);
  let e12 = p - p[z+1];
  let e13 = e5 / h_z;
  let e14 = p[z-1] - p[z+2];
  vz[t+1] = fma(fma(0.5, b[z+1 clamp], e1), fma(e11, e12, e13 * e14), vz);
  let e15 = fma(-(e8 / h_z), e12, e9 / h_z * e14);
  vz_tape = e15;
  vz_tape_1 = e15;
  let e16 = fma(e11, vz[t+1, z-1] - vz[t+1], fma(e13, vz[t+1, z-2] - vz[t+1, z+1], fma(e3,
      vx[t+1, x-1] - vx[t+1], e6 * (vx[t+1, x-2] - vx[t+1, x+1]))));
  p[t+1] = fma(k, e16, p);
  p_tape = e16;
  inject src into p[t+1]: src * dt;
  interpolate rec: p + p[t+1];
}

step reverse reverse {
  let e1 = 0.5625 * dt;
  let e2 = e1 / h_x;
  let e3 = 0.020833333333333332 * dt;
  let e4 = e1 / h_z;
  let e5 = e4 * vz_adj;
  let e6 = e2 * vx_adj;
  p_adj[t+1] = fma(e4, vz_adj_w[z-1] + vz_adj_w_1[z-1], fma(e3 / h_z, vz_adj_w[z+1] +
      vz_adj_w_1[z+1] - vz_adj_w[z-2] - vz_adj_w_1[z-2], fma(e2, vx_adj_w[x-1] +
      vx_adj_w_1[x-1], e3 / h_x * (vx_adj_w[x+1] + vx_adj_w_1[x+1] - vx_adj_w[x-2] -
      vx_adj_w_1[x-2])))) + p_adj + fma(-b[z+1 clamp], e5, fma(-b[x+1 clamp], e6, -(b * (e6 +
      e5))));
  p_adj_w[t+1] = k * p_adj[t+1];
  k_grad += p_adj[t+1] * p_tape;
  inject rec_adj into p_adj[t+1]: rec_adj[t+1];
  inject rec_adj into p_adj_w[t+1]: k * rec_adj[t+1];
  inject rec_adj into k_grad: p_tape * rec_adj[t+1];
  inject rec_adj into p_adj[t+1]: rec_adj;
  inject rec_adj into p_adj_w[t+1]: k * rec_adj;
  inject rec_adj into k_grad: p_tape * rec_adj;
  let e7 = 1.125 * dt;
  let e8 = 0.041666666666666664 * dt;
  let e9 = e7 / h_z;
  vz_adj[t+1] = fma(k, e9 * p_adj[t+1], fma(-e9, p_adj_w[t+1, z+1], fma(e8 / h_z, p_adj_w[t+1,
      z+2] - p_adj_w[t+1, z-1], vz_adj)));
  vz_adj_w[t+1] = b * vz_adj[t+1];
  vz_adj_w_1[t+1] = b[z+1 clamp] * vz_adj[t+1];
  b_grad += vz_adj[t+1] * vz_tape;
  vz_adj_w_2[t+1] = vz_adj[t+1] * vz_tape_1;
  let e10 = e7 / h_x;
  vx_adj[t+1] = fma(k, e10 * p_adj[t+1], fma(-e10, p_adj_w[t+1, x+1], fma(e8 / h_x, p_adj_w[t+1,
      x+2] - p_adj_w[t+1, x-1], vx_adj)));
  vx_adj_w[t+1] = b * vx_adj[t+1];
  vx_adj_w_1[t+1] = b[x+1 clamp] * vx_adj[t+1];
  b_grad += vx_adj[t+1] * vx_tape;
  vx_adj_w_2[t+1] = vx_adj[t+1] * vx_tape_1;
  b_grad += vx_adj_w_2[t+1, x-1 fold clamp];
  b_grad += vz_adj_w_2[t+1, z-1 fold clamp];
  interpolate src_adj: dt * p_adj[t+1];
}

step reverse_seeded reverse {
  let e1 = 0.5625 * dt;
  let e2 = e1 / h_x;
  let e3 = 0.020833333333333332 * dt;
  let e4 = e1 / h_z;
  let e5 = e4 * vz_adj;
  let e6 = e2 * vx_adj;
  p_adj[t+1] = fma(e4, vz_adj_w[z-1] + vz_adj_w_1[z-1], fma(e3 / h_z, vz_adj_w[z+1] +
      vz_adj_w_1[z+1] - vz_adj_w[z-2] - vz_adj_w_1[z-2], fma(e2, vx_adj_w[x-1] +
      vx_adj_w_1[x-1], e3 / h_x * (vx_adj_w[x+1] + vx_adj_w_1[x+1] - vx_adj_w[x-2] -
      vx_adj_w_1[x-2])))) + (p_adj + p_seed) + fma(-b[z+1 clamp], e5, fma(-b[x+1 clamp], e6, -(b
      * (e6 + e5))));
  p_adj_w[t+1] = k * p_adj[t+1];
  k_grad += p_adj[t+1] * p_tape;
  inject rec_adj into p_adj[t+1]: rec_adj[t+1];
  inject rec_adj into p_adj_w[t+1]: k * rec_adj[t+1];
  inject rec_adj into k_grad: p_tape * rec_adj[t+1];
  inject rec_adj into p_adj[t+1]: rec_adj;
  inject rec_adj into p_adj_w[t+1]: k * rec_adj;
  inject rec_adj into k_grad: p_tape * rec_adj;
  let e7 = 1.125 * dt;
  let e8 = 0.041666666666666664 * dt;
  let e9 = e7 / h_z;
  vz_adj[t+1] = fma(k, e9 * p_adj[t+1], fma(-e9, p_adj_w[t+1, z+1], fma(e8 / h_z, p_adj_w[t+1,
      z+2] - p_adj_w[t+1, z-1], vz_adj + vz_seed)));
  vz_adj_w[t+1] = b * vz_adj[t+1];
  vz_adj_w_1[t+1] = b[z+1 clamp] * vz_adj[t+1];
  b_grad += vz_adj[t+1] * vz_tape;
  vz_adj_w_2[t+1] = vz_adj[t+1] * vz_tape_1;
  let e10 = e7 / h_x;
  vx_adj[t+1] = fma(k, e10 * p_adj[t+1], fma(-e10, p_adj_w[t+1, x+1], fma(e8 / h_x, p_adj_w[t+1,
      x+2] - p_adj_w[t+1, x-1], vx_adj + vx_seed)));
  vx_adj_w[t+1] = b * vx_adj[t+1];
  vx_adj_w_1[t+1] = b[x+1 clamp] * vx_adj[t+1];
  b_grad += vx_adj[t+1] * vx_tape;
  vx_adj_w_2[t+1] = vx_adj[t+1] * vx_tape_1;
  b_grad += vx_adj_w_2[t+1, x-1 fold clamp];
  b_grad += vz_adj_w_2[t+1, z-1 fold clamp];
  interpolate src_adj: dt * p_adj[t+1];
}

step initial_0 {
  vx_initial_0 = vx_adj;
  vz_initial_0 = vz_adj;
  let e1 = 0.5625 * dt;
  let e2 = e1 / h_x;
  let e3 = 0.020833333333333332 * dt;
  let e4 = e1 / h_z;
  let e5 = e4 * vz_adj;
  let e6 = e2 * vx_adj;
  p_initial_0 = fma(e4, vz_adj_w[z-1] + vz_adj_w_1[z-1], fma(e3 / h_z, vz_adj_w[z+1] +
      vz_adj_w_1[z+1] - vz_adj_w[z-2] - vz_adj_w_1[z-2], fma(e2, vx_adj_w[x-1] +
      vx_adj_w_1[x-1], e3 / h_x * (vx_adj_w[x+1] + vx_adj_w_1[x+1] - vx_adj_w[x-2] -
      vx_adj_w_1[x-2])))) + p_adj + fma(-b[z+1 clamp], e5, fma(-b[x+1 clamp], e6, -(b * (e6 +
      e5))));
  inject rec_adj into p_initial_0: rec_adj;
}
