typedef float T;
typedef int I;
typedef T V __attribute__((vector_size(16), aligned(4), may_alias));
typedef I M __attribute__((vector_size(16), aligned(4), may_alias));
enum { L = 4 };
#define LOAD(p) (*(const V *)(p))
static inline V sp(T x) { return (V){x, x, x, x}; }
static inline V pick(M m, V a, V b) { return (V)((m & (M)a) | (~m & (M)b)); }
static inline V vmin(V a, V b) { return pick(b < a, b, a); }
static inline V vmax(V a, V b) { return pick(a < b, b, a); }
static inline V vabs(V a) { return (V)((M)a & ~(M)sp(-(T)0)); }
static inline V vsqrt(V a) { for (int k = 0; k < L; ++k) a[k] = __builtin_sqrtf(a[k]); return a; }
static inline V vfma(V a, V b, V c) { for (int k = 0; k < L; ++k) c[k] = __builtin_fmaf(a[k], b[k], c[k]); return c; }
static inline T smin(T a, T b) { return b < a ? b : a; }
static inline T smax(T a, T b) { return a < b ? b : a; }
static inline T sabs(T a) { return a < 0 ? -a : a == 0 ? (T)0 : a; }
static inline T ssqrt(T a) { return __builtin_sqrtf(a); }
static inline T sfma(T a, T b, T c) { return __builtin_fmaf(a, b, c); }
static inline void put(T *p, V v, long i, long lo, long hi) {
  if (i >= lo && i + L <= hi) { *(V *)p = v; return; }
  const M at = (M){0, 1, 2, 3} + (I)i;
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
  const long *const end = b + 5 + 3 * b[4];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  for (long i1 = b[2]; i1 < b[3]; ++i1)
  {
    T *const r0 = f[0] + (i0) * s[0] + (i1) * s[1];
    T *const r1 = f[1] + (i0) * s[0] + (i1) * s[1];
    T *const r2 = f[2] + (i0) * s[0] + (i1) * s[1];
    T *const r3 = f[0] + (i0 - 4) * s[0] + (i1) * s[1];
    T *const r4 = f[0] + (i0 + 4) * s[0] + (i1) * s[1];
    T *const r5 = f[0] + (i0 - 3) * s[0] + (i1) * s[1];
    T *const r6 = f[0] + (i0 + 3) * s[0] + (i1) * s[1];
    T *const r7 = f[0] + (i0 - 2) * s[0] + (i1) * s[1];
    T *const r8 = f[0] + (i0 + 2) * s[0] + (i1) * s[1];
    T *const r9 = f[0] + (i0 - 1) * s[0] + (i1) * s[1];
    T *const r10 = f[0] + (i0 + 1) * s[0] + (i1) * s[1];
    T *const r11 = f[0] + (i0) * s[0] + (i1 - 4) * s[1];
    T *const r12 = f[0] + (i0) * s[0] + (i1 + 4) * s[1];
    T *const r13 = f[0] + (i0) * s[0] + (i1 - 3) * s[1];
    T *const r14 = f[0] + (i0) * s[0] + (i1 + 3) * s[1];
    T *const r15 = f[0] + (i0) * s[0] + (i1 - 2) * s[1];
    T *const r16 = f[0] + (i0) * s[0] + (i1 + 2) * s[1];
    T *const r17 = f[0] + (i0) * s[0] + (i1 - 1) * s[1];
    T *const r18 = f[0] + (i0) * s[0] + (i1 + 1) * s[1];
    T *const r19 = f[3] + (i0) * s[0] + (i1) * s[1];
    T *const r20 = f[4] + (i0) * s[0] + (i1) * s[1];
    T *const r21 = f[5] + (i0) * s[0] + (i1) * s[1];
    for (const long *p = b + 5; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r4 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r2 + i + 16 * L);
        __builtin_prefetch(r19 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = c0 * v0;
        const V v2 = LOAD(r1 + i);
        const V v3 = v1 - v2;
        const V v4 = LOAD(r2 + i);
        const V v5 = LOAD(r3 + i);
        const V v6 = LOAD(r4 + i);
        const V v7 = v5 + v6;
        const V v8 = c11 * v7;
        const V v9 = LOAD(r5 + i);
        const V v10 = LOAD(r6 + i);
        const V v11 = v9 + v10;
        const V v12 = c8 * v11;
        const V v13 = v8 - v12;
        const V v14 = LOAD(r7 + i);
        const V v15 = LOAD(r8 + i);
        const V v16 = v14 + v15;
        const V v17 = c5 * v16;
        const V v18 = v13 + v17;
        const V v19 = LOAD(r9 + i);
        const V v20 = LOAD(r10 + i);
        const V v21 = v19 + v20;
        const V v22 = c2 * v21;
        const V v23 = v18 - v22;
        const V v24 = c1 * v0;
        const V v25 = v23 + v24;
        const V v26 = LOAD(r11 + i);
        const V v27 = LOAD(r12 + i);
        const V v28 = v26 + v27;
        const V v29 = c12 * v28;
        const V v30 = v25 + v29;
        const V v31 = LOAD(r13 + i);
        const V v32 = LOAD(r14 + i);
        const V v33 = v31 + v32;
        const V v34 = c9 * v33;
        const V v35 = v30 - v34;
        const V v36 = LOAD(r15 + i);
        const V v37 = LOAD(r16 + i);
        const V v38 = v36 + v37;
        const V v39 = c6 * v38;
        const V v40 = v35 + v39;
        const V v41 = LOAD(r17 + i);
        const V v42 = LOAD(r18 + i);
        const V v43 = v41 + v42;
        const V v44 = c3 * v43;
        const V v45 = v40 - v44;
        const V v46 = LOAD(r0 + i - 4);
        const V v47 = LOAD(r0 + i + 4);
        const V v48 = v46 + v47;
        const V v49 = c13 * v48;
        const V v50 = v45 + v49;
        const V v51 = LOAD(r0 + i - 3);
        const V v52 = LOAD(r0 + i + 3);
        const V v53 = v51 + v52;
        const V v54 = c10 * v53;
        const V v55 = v50 - v54;
        const V v56 = LOAD(r0 + i - 2);
        const V v57 = LOAD(r0 + i + 2);
        const V v58 = v56 + v57;
        const V v59 = c7 * v58;
        const V v60 = v55 + v59;
        const V v61 = LOAD(r0 + i - 1);
        const V v62 = LOAD(r0 + i + 1);
        const V v63 = v61 + v62;
        const V v64 = c4 * v63;
        const V v65 = v60 - v64;
        const V v66 = v4 * v65;
        const V v67 = v3 - v66;
        put(r19 + i, v67, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r4 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r20 + i + 16 * L);
        __builtin_prefetch(r21 + i + 16 * L);
        __builtin_prefetch(r19 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = c0 * v0;
        const V v2 = LOAD(r1 + i);
        const V v3 = v1 - v2;
        const V v4 = LOAD(r3 + i);
        const V v5 = LOAD(r4 + i);
        const V v6 = v4 + v5;
        const V v7 = c11 * v6;
        const V v8 = LOAD(r5 + i);
        const V v9 = LOAD(r6 + i);
        const V v10 = v8 + v9;
        const V v11 = c8 * v10;
        const V v12 = v7 - v11;
        const V v13 = LOAD(r7 + i);
        const V v14 = LOAD(r8 + i);
        const V v15 = v13 + v14;
        const V v16 = c5 * v15;
        const V v17 = v12 + v16;
        const V v18 = LOAD(r9 + i);
        const V v19 = LOAD(r10 + i);
        const V v20 = v18 + v19;
        const V v21 = c2 * v20;
        const V v22 = v17 - v21;
        const V v23 = c1 * v0;
        const V v24 = v22 + v23;
        const V v25 = LOAD(r11 + i);
        const V v26 = LOAD(r12 + i);
        const V v27 = v25 + v26;
        const V v28 = c12 * v27;
        const V v29 = v24 + v28;
        const V v30 = LOAD(r13 + i);
        const V v31 = LOAD(r14 + i);
        const V v32 = v30 + v31;
        const V v33 = c9 * v32;
        const V v34 = v29 - v33;
        const V v35 = LOAD(r15 + i);
        const V v36 = LOAD(r16 + i);
        const V v37 = v35 + v36;
        const V v38 = c6 * v37;
        const V v39 = v34 + v38;
        const V v40 = LOAD(r17 + i);
        const V v41 = LOAD(r18 + i);
        const V v42 = v40 + v41;
        const V v43 = c3 * v42;
        const V v44 = v39 - v43;
        const V v45 = LOAD(r0 + i - 4);
        const V v46 = LOAD(r0 + i + 4);
        const V v47 = v45 + v46;
        const V v48 = c13 * v47;
        const V v49 = v44 + v48;
        const V v50 = LOAD(r0 + i - 3);
        const V v51 = LOAD(r0 + i + 3);
        const V v52 = v50 + v51;
        const V v53 = c10 * v52;
        const V v54 = v49 - v53;
        const V v55 = LOAD(r0 + i - 2);
        const V v56 = LOAD(r0 + i + 2);
        const V v57 = v55 + v56;
        const V v58 = c7 * v57;
        const V v59 = v54 + v58;
        const V v60 = LOAD(r0 + i - 1);
        const V v61 = LOAD(r0 + i + 1);
        const V v62 = v60 + v61;
        const V v63 = c4 * v62;
        const V v64 = v59 - v63;
        const V v65 = LOAD(r20 + i);
        const V v66 = v0 - v2;
        const V v67 = v65 * v66;
        const V v68 = -v67;
        const V v69 = LOAD(r21 + i);
        const V v70 = v69 * v64;
        const V v71 = v68 - v70;
        const V v72 = v3 + v71;
        put(r19 + i, v72, i, lo, hi);
      }
    }
  }
}
void rg_1(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c14 = c[14];
  const T c15 = c[15];
  const T c16 = c[16];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = q[0][point[j]];
      const T v1 = f[6][i];
      const T v2 = v1 * c15;
      const T v3 = f[7][i];
      const T v4 = v3 * c16;
      const T v5 = v2 + v4;
      const T v6 = c14 / v5;
      const T v7 = v0 * v6;
      sum = sum + weight[j] * v7;
    }
    f[3][i] = f[3][i] + sum;
  }
}
void rg_2(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
  (void)s, (void)c;
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[0][i];
      sum = sum + weight[j] * v0;
    }
    out[p] = sum;
  }
}
