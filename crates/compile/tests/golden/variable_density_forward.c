typedef double T;
typedef long I;
typedef T V __attribute__((vector_size(16), aligned(8), may_alias));
typedef I M __attribute__((vector_size(16), aligned(8), may_alias));
enum { L = 2 };
#define LOAD(p) (*(const V *)(p))
static inline V sp(T x) { return (V){x, x}; }
static inline V pick(M m, V a, V b) { return (V)((m & (M)a) | (~m & (M)b)); }
static inline V vmin(V a, V b) { return pick(b < a, b, a); }
static inline V vmax(V a, V b) { return pick(a < b, b, a); }
static inline V vabs(V a) { return (V)((M)a & ~(M)sp(-(T)0)); }
static inline V vsqrt(V a) { for (int k = 0; k < L; ++k) a[k] = __builtin_sqrt(a[k]); return a; }
static inline V vfma(V a, V b, V c) { for (int k = 0; k < L; ++k) c[k] = __builtin_fma(a[k], b[k], c[k]); return c; }
static inline T smin(T a, T b) { return b < a ? b : a; }
static inline T smax(T a, T b) { return a < b ? b : a; }
static inline T sabs(T a) { return a < 0 ? -a : a == 0 ? (T)0 : a; }
static inline T ssqrt(T a) { return __builtin_sqrt(a); }
static inline T sfma(T a, T b, T c) { return __builtin_fma(a, b, c); }
static inline void put(T *p, V v, long i, long lo, long hi) {
  if (i >= lo && i + L <= hi) { *(V *)p = v; return; }
  const M at = (M){0, 1} + (I)i;
  *(V *)p = pick((at >= (I)lo) & (at < (I)hi), v, LOAD(p));
}
void rg_0(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const T c0 = c[0];
  const T c1 = c[1];
  const T c2 = c[2];
  const T c3 = c[3];
  const T c4 = c[4];
  const T c5 = c[5];
  const T c6 = c[6];
  const T c7 = c[7];
  const T c8 = c[8];
  const T c9 = c[9];
  const T c10 = c[10];
  const T c11 = c[11];
  const T c12 = c[12];
  const T c13 = c[13];
  const T c14 = c[14];
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[2] + (i0 - 2) * s[0];
    T *const r3 = f[3] + (i0) * s[0];
    T *const r4 = f[0] + (i0 - 3) * s[0];
    T *const r5 = f[0] + (i0 - 2) * s[0];
    T *const r6 = f[0] + (i0 - 1) * s[0];
    T *const r7 = f[2] + (i0 - 1) * s[0];
    T *const r8 = f[0] + (i0 + 1) * s[0];
    T *const r9 = f[4] + (i0) * s[0];
    T *const r10 = f[0] + (i0 + 2) * s[0];
    T *const r11 = f[2] + (i0 + 1) * s[0];
    T *const r12 = f[0] + (i0 + 3) * s[0];
    T *const r13 = f[2] + (i0) * s[0];
    T *const r14 = f[5] + (i0) * s[0];
    T *const r15 = f[6] + (i0) * s[0];
    T *const r16 = f[7] + (i0) * s[0];
    T *const r17 = f[8] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r12 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r11 + i + 16 * L);
        __builtin_prefetch(r3 + i + 16 * L);
        __builtin_prefetch(r9 + i + 16 * L);
        __builtin_prefetch(r14 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = c0 * v0;
        const V v2 = LOAD(r1 + i);
        const V v3 = v1 - v2;
        const V v4 = LOAD(r2 + i);
        const V v5 = c1 * v4;
        const V v6 = LOAD(r3 + i);
        const V v7 = v5 / v6;
        const V v8 = LOAD(r4 + i);
        const V v9 = v8 - v0;
        const V v10 = c2 * v9;
        const V v11 = LOAD(r5 + i);
        const V v12 = LOAD(r6 + i);
        const V v13 = v11 - v12;
        const V v14 = c3 * v13;
        const V v15 = v10 - v14;
        const V v16 = v7 * v15;
        const V v17 = v3 + v16;
        const V v18 = LOAD(r7 + i);
        const V v19 = c1 * v18;
        const V v20 = v19 / v6;
        const V v21 = LOAD(r8 + i);
        const V v22 = v11 - v21;
        const V v23 = c3 * v22;
        const V v24 = -v23;
        const V v25 = v12 - v0;
        const V v26 = c4 * v25;
        const V v27 = v24 + v26;
        const V v28 = v20 * v27;
        const V v29 = v17 + v28;
        const V v30 = LOAD(r9 + i);
        const V v31 = LOAD(r10 + i);
        const V v32 = v12 - v31;
        const V v33 = c5 * v32;
        const V v34 = c8 * v0;
        const V v35 = v33 - v34;
        const V v36 = c6 * v21;
        const V v37 = v35 + v36;
        const V v38 = LOAD(r0 + i - 1);
        const V v39 = LOAD(r0 + i + 2);
        const V v40 = v38 - v39;
        const V v41 = c9 * v40;
        const V v42 = v37 + v41;
        const V v43 = LOAD(r0 + i + 1);
        const V v44 = c7 * v43;
        const V v45 = v42 + v44;
        const V v46 = v30 * v45;
        const V v47 = v29 + v46;
        const V v48 = LOAD(r11 + i);
        const V v49 = c1 * v48;
        const V v50 = v49 / v6;
        const V v51 = LOAD(r12 + i);
        const V v52 = v0 - v51;
        const V v53 = c2 * v52;
        const V v54 = -v53;
        const V v55 = v21 - v31;
        const V v56 = c3 * v55;
        const V v57 = v54 + v56;
        const V v58 = v50 * v57;
        const V v59 = v47 + v58;
        const V v60 = LOAD(r13 + i - 2);
        const V v61 = c10 * v60;
        const V v62 = v61 / v6;
        const V v63 = LOAD(r0 + i - 3);
        const V v64 = v63 - v0;
        const V v65 = c2 * v64;
        const V v66 = LOAD(r0 + i - 2);
        const V v67 = v66 - v38;
        const V v68 = c3 * v67;
        const V v69 = v65 - v68;
        const V v70 = v62 * v69;
        const V v71 = v59 + v70;
        const V v72 = LOAD(r13 + i - 1);
        const V v73 = c10 * v72;
        const V v74 = v73 / v6;
        const V v75 = v66 - v43;
        const V v76 = c3 * v75;
        const V v77 = -v76;
        const V v78 = v38 - v0;
        const V v79 = c4 * v78;
        const V v80 = v77 + v79;
        const V v81 = v74 * v80;
        const V v82 = v71 + v81;
        const V v83 = LOAD(r13 + i + 1);
        const V v84 = c10 * v83;
        const V v85 = v84 / v6;
        const V v86 = LOAD(r0 + i + 3);
        const V v87 = v0 - v86;
        const V v88 = c2 * v87;
        const V v89 = -v88;
        const V v90 = v43 - v39;
        const V v91 = c3 * v90;
        const V v92 = v89 + v91;
        const V v93 = v85 * v92;
        const V v94 = v82 + v93;
        put(r14 + i, v94, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r12 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r11 + i + 16 * L);
        __builtin_prefetch(r3 + i + 16 * L);
        __builtin_prefetch(r15 + i + 16 * L);
        __builtin_prefetch(r16 + i + 16 * L);
        __builtin_prefetch(r17 + i + 16 * L);
        __builtin_prefetch(r14 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r2 + i);
        const V v3 = LOAD(r3 + i);
        const V v4 = LOAD(r4 + i);
        const V v5 = v4 - v0;
        const V v6 = c2 * v5;
        const V v7 = LOAD(r5 + i);
        const V v8 = LOAD(r6 + i);
        const V v9 = v7 - v8;
        const V v10 = c3 * v9;
        const V v11 = v6 - v10;
        const V v12 = LOAD(r7 + i);
        const V v13 = LOAD(r8 + i);
        const V v14 = v7 - v13;
        const V v15 = c3 * v14;
        const V v16 = -v15;
        const V v17 = v8 - v0;
        const V v18 = c4 * v17;
        const V v19 = v16 + v18;
        const V v20 = LOAD(r10 + i);
        const V v21 = v8 - v20;
        const V v22 = c5 * v21;
        const V v23 = c8 * v0;
        const V v24 = v22 - v23;
        const V v25 = c6 * v13;
        const V v26 = v24 + v25;
        const V v27 = LOAD(r0 + i - 1);
        const V v28 = LOAD(r0 + i + 2);
        const V v29 = v27 - v28;
        const V v30 = c9 * v29;
        const V v31 = v26 + v30;
        const V v32 = LOAD(r0 + i + 1);
        const V v33 = c7 * v32;
        const V v34 = v31 + v33;
        const V v35 = LOAD(r11 + i);
        const V v36 = LOAD(r12 + i);
        const V v37 = v0 - v36;
        const V v38 = c2 * v37;
        const V v39 = -v38;
        const V v40 = v13 - v20;
        const V v41 = c3 * v40;
        const V v42 = v39 + v41;
        const V v43 = LOAD(r13 + i - 2);
        const V v44 = LOAD(r0 + i - 3);
        const V v45 = v44 - v0;
        const V v46 = c2 * v45;
        const V v47 = LOAD(r0 + i - 2);
        const V v48 = v47 - v27;
        const V v49 = c3 * v48;
        const V v50 = v46 - v49;
        const V v51 = LOAD(r13 + i - 1);
        const V v52 = v47 - v32;
        const V v53 = c3 * v52;
        const V v54 = -v53;
        const V v55 = v27 - v0;
        const V v56 = c4 * v55;
        const V v57 = v54 + v56;
        const V v58 = LOAD(r13 + i + 1);
        const V v59 = LOAD(r0 + i + 3);
        const V v60 = v0 - v59;
        const V v61 = c2 * v60;
        const V v62 = -v61;
        const V v63 = v32 - v28;
        const V v64 = c3 * v63;
        const V v65 = v62 + v64;
        const V v66 = LOAD(r15 + i);
        const V v67 = v0 - v1;
        const V v68 = v66 * v67;
        const V v69 = c11 * v2;
        const V v70 = v3 * c12;
        const V v71 = LOAD(r16 + i);
        const V v72 = v71 * c13;
        const V v73 = v70 + v72;
        const V v74 = v69 / v73;
        const V v75 = v74 * v11;
        const V v76 = v68 + v75;
        const V v77 = c11 * v12;
        const V v78 = v77 / v73;
        const V v79 = v78 * v19;
        const V v80 = v76 + v79;
        const V v81 = LOAD(r17 + i);
        const V v82 = v81 * v34;
        const V v83 = v80 + v82;
        const V v84 = c11 * v35;
        const V v85 = v84 / v73;
        const V v86 = v85 * v42;
        const V v87 = v83 + v86;
        const V v88 = c14 * v43;
        const V v89 = v88 / v73;
        const V v90 = v89 * v50;
        const V v91 = v87 + v90;
        const V v92 = c14 * v51;
        const V v93 = v92 / v73;
        const V v94 = v93 * v57;
        const V v95 = v91 + v94;
        const V v96 = c14 * v58;
        const V v97 = v96 / v73;
        const V v98 = v97 * v65;
        const V v99 = v95 + v98;
        const V v100 = v99 + v1;
        put(r14 + i, v100, i, lo, hi);
      }
    }
  }
}
void rg_1(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c15 = c[15];
  const T c12 = c[12];
  const T c16 = c[16];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = f[3][i];
      const T v1 = v0 * c12;
      const T v2 = f[7][i];
      const T v3 = q[0][point[j]];
      const T v4 = v2 * c16;
      const T v5 = v1 + v4;
      const T v6 = c15 / v5;
      const T v7 = v3 * v6;
      const T v8 = v7 * v0;
      sum = sum + weight[j] * v8;
    }
    f[5][i] = f[5][i] + sum;
  }
}
void rg_2(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
  (void)s, (void)c;
  const T c17 = c[17];
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[0][i];
      const T v1 = f[1][i];
      const T v2 = c17 * v1;
      const T v3 = v0 - v2;
      sum = sum + weight[j] * v3;
    }
    out[p] = sum;
  }
}
