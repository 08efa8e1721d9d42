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
    T *const r7 = f[4] + (i0) * s[0];
    T *const r8 = f[0] + (i0 + 2) * s[0];
    T *const r9 = f[0] + (i0 + 1) * s[0];
    T *const r10 = f[2] + (i0) * s[0];
    T *const r11 = f[2] + (i0 - 1) * s[0];
    T *const r12 = f[2] + (i0 + 1) * s[0];
    T *const r13 = f[0] + (i0 + 3) * s[0];
    T *const r14 = f[5] + (i0) * s[0];
    T *const r15 = f[6] + (i0) * s[0];
    T *const r16 = f[7] + (i0) * s[0];
    T *const r17 = f[8] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r13 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r12 + i + 16 * L);
        __builtin_prefetch(r3 + i + 16 * L);
        __builtin_prefetch(r7 + i + 16 * L);
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
        const V v17 = LOAD(r7 + i);
        const V v18 = LOAD(r8 + i);
        const V v19 = v12 - v18;
        const V v20 = c4 * v19;
        const V v21 = c8 * v0;
        const V v22 = v20 - v21;
        const V v23 = LOAD(r9 + i);
        const V v24 = c6 * v23;
        const V v25 = v22 + v24;
        const V v26 = LOAD(r0 + i - 1);
        const V v27 = LOAD(r0 + i + 2);
        const V v28 = v26 - v27;
        const V v29 = c9 * v28;
        const V v30 = v25 + v29;
        const V v31 = LOAD(r0 + i + 1);
        const V v32 = c7 * v31;
        const V v33 = v30 + v32;
        const V v34 = v17 * v33;
        const V v35 = v16 + v34;
        const V v36 = LOAD(r10 + i - 2);
        const V v37 = c10 * v36;
        const V v38 = v37 / v6;
        const V v39 = LOAD(r0 + i - 3);
        const V v40 = v39 - v0;
        const V v41 = c2 * v40;
        const V v42 = LOAD(r0 + i - 2);
        const V v43 = v42 - v26;
        const V v44 = c3 * v43;
        const V v45 = v41 - v44;
        const V v46 = v38 * v45;
        const V v47 = v35 + v46;
        const V v48 = LOAD(r11 + i);
        const V v49 = c1 * v48;
        const V v50 = v49 / v6;
        const V v51 = v11 - v23;
        const V v52 = c3 * v51;
        const V v53 = v12 - v0;
        const V v54 = c5 * v53;
        const V v55 = v52 - v54;
        const V v56 = v50 * v55;
        const V v57 = v47 - v56;
        const V v58 = LOAD(r12 + i);
        const V v59 = c1 * v58;
        const V v60 = v59 / v6;
        const V v61 = LOAD(r13 + i);
        const V v62 = v0 - v61;
        const V v63 = c2 * v62;
        const V v64 = v23 - v18;
        const V v65 = c3 * v64;
        const V v66 = v63 - v65;
        const V v67 = v60 * v66;
        const V v68 = v57 - v67;
        const V v69 = LOAD(r10 + i - 1);
        const V v70 = c10 * v69;
        const V v71 = v70 / v6;
        const V v72 = v42 - v31;
        const V v73 = c3 * v72;
        const V v74 = v26 - v0;
        const V v75 = c5 * v74;
        const V v76 = v73 - v75;
        const V v77 = v71 * v76;
        const V v78 = v68 - v77;
        const V v79 = LOAD(r10 + i + 1);
        const V v80 = c10 * v79;
        const V v81 = v80 / v6;
        const V v82 = LOAD(r0 + i + 3);
        const V v83 = v0 - v82;
        const V v84 = c2 * v83;
        const V v85 = v31 - v27;
        const V v86 = c3 * v85;
        const V v87 = v84 - v86;
        const V v88 = v81 * v87;
        const V v89 = v78 - v88;
        const V v90 = v3 + v89;
        put(r14 + i, v90, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r13 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r12 + i + 16 * L);
        __builtin_prefetch(r3 + i + 16 * L);
        __builtin_prefetch(r15 + i + 16 * L);
        __builtin_prefetch(r16 + i + 16 * L);
        __builtin_prefetch(r17 + i + 16 * L);
        __builtin_prefetch(r14 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = c0 * v0;
        const V v2 = LOAD(r1 + i);
        const V v3 = v1 - v2;
        const V v4 = LOAD(r2 + i);
        const V v5 = LOAD(r3 + i);
        const V v6 = LOAD(r4 + i);
        const V v7 = v6 - v0;
        const V v8 = c2 * v7;
        const V v9 = LOAD(r5 + i);
        const V v10 = LOAD(r6 + i);
        const V v11 = v9 - v10;
        const V v12 = c3 * v11;
        const V v13 = v8 - v12;
        const V v14 = LOAD(r8 + i);
        const V v15 = v10 - v14;
        const V v16 = c4 * v15;
        const V v17 = c8 * v0;
        const V v18 = v16 - v17;
        const V v19 = LOAD(r9 + i);
        const V v20 = c6 * v19;
        const V v21 = v18 + v20;
        const V v22 = LOAD(r0 + i - 1);
        const V v23 = LOAD(r0 + i + 2);
        const V v24 = v22 - v23;
        const V v25 = c9 * v24;
        const V v26 = v21 + v25;
        const V v27 = LOAD(r0 + i + 1);
        const V v28 = c7 * v27;
        const V v29 = v26 + v28;
        const V v30 = LOAD(r10 + i - 2);
        const V v31 = LOAD(r0 + i - 3);
        const V v32 = v31 - v0;
        const V v33 = c2 * v32;
        const V v34 = LOAD(r0 + i - 2);
        const V v35 = v34 - v22;
        const V v36 = c3 * v35;
        const V v37 = v33 - v36;
        const V v38 = LOAD(r11 + i);
        const V v39 = v9 - v19;
        const V v40 = c3 * v39;
        const V v41 = v10 - v0;
        const V v42 = c5 * v41;
        const V v43 = v40 - v42;
        const V v44 = LOAD(r12 + i);
        const V v45 = LOAD(r13 + i);
        const V v46 = v0 - v45;
        const V v47 = c2 * v46;
        const V v48 = v19 - v14;
        const V v49 = c3 * v48;
        const V v50 = v47 - v49;
        const V v51 = LOAD(r10 + i - 1);
        const V v52 = v34 - v27;
        const V v53 = c3 * v52;
        const V v54 = v22 - v0;
        const V v55 = c5 * v54;
        const V v56 = v53 - v55;
        const V v57 = LOAD(r10 + i + 1);
        const V v58 = LOAD(r0 + i + 3);
        const V v59 = v0 - v58;
        const V v60 = c2 * v59;
        const V v61 = v27 - v23;
        const V v62 = c3 * v61;
        const V v63 = v60 - v62;
        const V v64 = c11 * v4;
        const V v65 = v5 * c12;
        const V v66 = LOAD(r15 + i);
        const V v67 = v66 * c13;
        const V v68 = v65 + v67;
        const V v69 = v64 / v68;
        const V v70 = v69 * v13;
        const V v71 = LOAD(r16 + i);
        const V v72 = v71 * v29;
        const V v73 = v70 + v72;
        const V v74 = c14 * v30;
        const V v75 = v74 / v68;
        const V v76 = v75 * v37;
        const V v77 = v73 + v76;
        const V v78 = LOAD(r17 + i);
        const V v79 = v0 - v2;
        const V v80 = v78 * v79;
        const V v81 = v77 - v80;
        const V v82 = c11 * v38;
        const V v83 = v82 / v68;
        const V v84 = v83 * v43;
        const V v85 = v81 - v84;
        const V v86 = c11 * v44;
        const V v87 = v86 / v68;
        const V v88 = v87 * v50;
        const V v89 = v85 - v88;
        const V v90 = c14 * v51;
        const V v91 = v90 / v68;
        const V v92 = v91 * v56;
        const V v93 = v89 - v92;
        const V v94 = c14 * v57;
        const V v95 = v94 / v68;
        const V v96 = v95 * v63;
        const V v97 = v93 - v96;
        const V v98 = v3 + v97;
        put(r14 + i, v98, i, lo, hi);
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
      const T v2 = f[6][i];
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
