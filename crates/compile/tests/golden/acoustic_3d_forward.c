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
        const V v9 = -v8;
        const V v10 = LOAD(r5 + i);
        const V v11 = LOAD(r6 + i);
        const V v12 = v10 + v11;
        const V v13 = c8 * v12;
        const V v14 = v9 + v13;
        const V v15 = LOAD(r7 + i);
        const V v16 = LOAD(r8 + i);
        const V v17 = v15 + v16;
        const V v18 = c5 * v17;
        const V v19 = v14 - v18;
        const V v20 = LOAD(r9 + i);
        const V v21 = LOAD(r10 + i);
        const V v22 = v20 + v21;
        const V v23 = c2 * v22;
        const V v24 = v19 + v23;
        const V v25 = c1 * v0;
        const V v26 = v24 - v25;
        const V v27 = LOAD(r11 + i);
        const V v28 = LOAD(r12 + i);
        const V v29 = v27 + v28;
        const V v30 = c12 * v29;
        const V v31 = v26 - v30;
        const V v32 = LOAD(r13 + i);
        const V v33 = LOAD(r14 + i);
        const V v34 = v32 + v33;
        const V v35 = c9 * v34;
        const V v36 = v31 + v35;
        const V v37 = LOAD(r15 + i);
        const V v38 = LOAD(r16 + i);
        const V v39 = v37 + v38;
        const V v40 = c6 * v39;
        const V v41 = v36 - v40;
        const V v42 = LOAD(r17 + i);
        const V v43 = LOAD(r18 + i);
        const V v44 = v42 + v43;
        const V v45 = c3 * v44;
        const V v46 = v41 + v45;
        const V v47 = LOAD(r0 + i - 4);
        const V v48 = LOAD(r0 + i + 4);
        const V v49 = v47 + v48;
        const V v50 = c13 * v49;
        const V v51 = v46 - v50;
        const V v52 = LOAD(r0 + i - 3);
        const V v53 = LOAD(r0 + i + 3);
        const V v54 = v52 + v53;
        const V v55 = c10 * v54;
        const V v56 = v51 + v55;
        const V v57 = LOAD(r0 + i - 2);
        const V v58 = LOAD(r0 + i + 2);
        const V v59 = v57 + v58;
        const V v60 = c7 * v59;
        const V v61 = v56 - v60;
        const V v62 = LOAD(r0 + i - 1);
        const V v63 = LOAD(r0 + i + 1);
        const V v64 = v62 + v63;
        const V v65 = c4 * v64;
        const V v66 = v61 + v65;
        const V v67 = v4 * v66;
        const V v68 = v3 + v67;
        put(r19 + i, v68, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r4 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r20 + i + 16 * L);
        __builtin_prefetch(r21 + i + 16 * L);
        __builtin_prefetch(r19 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r3 + i);
        const V v3 = LOAD(r4 + i);
        const V v4 = v2 + v3;
        const V v5 = c11 * v4;
        const V v6 = -v5;
        const V v7 = LOAD(r5 + i);
        const V v8 = LOAD(r6 + i);
        const V v9 = v7 + v8;
        const V v10 = c8 * v9;
        const V v11 = v6 + v10;
        const V v12 = LOAD(r7 + i);
        const V v13 = LOAD(r8 + i);
        const V v14 = v12 + v13;
        const V v15 = c5 * v14;
        const V v16 = v11 - v15;
        const V v17 = LOAD(r9 + i);
        const V v18 = LOAD(r10 + i);
        const V v19 = v17 + v18;
        const V v20 = c2 * v19;
        const V v21 = v16 + v20;
        const V v22 = c1 * v0;
        const V v23 = v21 - v22;
        const V v24 = LOAD(r11 + i);
        const V v25 = LOAD(r12 + i);
        const V v26 = v24 + v25;
        const V v27 = c12 * v26;
        const V v28 = v23 - v27;
        const V v29 = LOAD(r13 + i);
        const V v30 = LOAD(r14 + i);
        const V v31 = v29 + v30;
        const V v32 = c9 * v31;
        const V v33 = v28 + v32;
        const V v34 = LOAD(r15 + i);
        const V v35 = LOAD(r16 + i);
        const V v36 = v34 + v35;
        const V v37 = c6 * v36;
        const V v38 = v33 - v37;
        const V v39 = LOAD(r17 + i);
        const V v40 = LOAD(r18 + i);
        const V v41 = v39 + v40;
        const V v42 = c3 * v41;
        const V v43 = v38 + v42;
        const V v44 = LOAD(r0 + i - 4);
        const V v45 = LOAD(r0 + i + 4);
        const V v46 = v44 + v45;
        const V v47 = c13 * v46;
        const V v48 = v43 - v47;
        const V v49 = LOAD(r0 + i - 3);
        const V v50 = LOAD(r0 + i + 3);
        const V v51 = v49 + v50;
        const V v52 = c10 * v51;
        const V v53 = v48 + v52;
        const V v54 = LOAD(r0 + i - 2);
        const V v55 = LOAD(r0 + i + 2);
        const V v56 = v54 + v55;
        const V v57 = c7 * v56;
        const V v58 = v53 - v57;
        const V v59 = LOAD(r0 + i - 1);
        const V v60 = LOAD(r0 + i + 1);
        const V v61 = v59 + v60;
        const V v62 = c4 * v61;
        const V v63 = v58 + v62;
        const V v64 = LOAD(r20 + i);
        const V v65 = v0 - v1;
        const V v66 = v64 * v65;
        const V v67 = LOAD(r21 + i);
        const V v68 = v67 * v63;
        const V v69 = v66 + v68;
        const V v70 = v69 + v1;
        put(r19 + i, v70, i, lo, hi);
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
