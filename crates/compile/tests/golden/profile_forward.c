typedef double T;
typedef long I;
typedef T V __attribute__((vector_size(16), aligned(8), may_alias));
typedef I M __attribute__((vector_size(16), aligned(8), may_alias));
enum { L = 2 };
#define LOAD(p) (*(const V *)(p))
#define AHEAD(p, k) LOAD((p) + (k))
#define BEHIND(p, k) LOAD((p) - (k))
static inline V sp(T x) { return (V){x, x}; }
static inline V pick(M m, V a, V b) { return (V)((m & (M)a) | (~m & (M)b)); }
static inline V vmin(V a, V b) { return pick(b < a, b, a); }
static inline V vmax(V a, V b) { return pick(a < b, b, a); }
static inline V vabs(V a) { return (V)((M)a & ~(M)sp(-(T)0)); }
static inline V vsqrt(V a) { for (int k = 0; k < L; ++k) a[k] = __builtin_sqrt(a[k]); return a; }
#ifdef __FMA__
static inline V vfma(V a, V b, V c) { return __builtin_ia32_vfmaddpd(a, b, c); }
#else
static inline V vfma(V a, V b, V c) { for (int k = 0; k < L; ++k) c[k] = __builtin_fma(a[k], b[k], c[k]); return c; }
#endif
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
void rg_0(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
  (void)s, (void)c;
  const T c0 = c[0];
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[0][i];
      const T v1 = c0 * v0;
      sum = sum + weight[j] * v1;
    }
    out[p] = sum;
  }
}
void rg_1(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const T c1 = c[1];
  const T c2 = c[2];
  const T c3 = c[3];
  const long *const end = b + 3 + 3 * b[2];
  long i0 = b[0];
  for (; i0 + 1 < b[1]; i0 += 2)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[1] + (i0 + 1) * s[0];
    T *const r3 = f[0] + (i0 + 2) * s[0];
    T *const r4 = f[2];
    T *const r5 = f[0] + (i0 - 1) * s[0];
    T *const r6 = f[0] + (i0 + 1) * s[0];
    T *const r7 = f[1] + (i0 - 1) * s[0];
    T *const r8 = f[0] + (i0 - 2) * s[0];
    T *const r9 = f[3] + (i0) * s[0];
    T *const r10 = f[1] + (i0 + 2) * s[0];
    T *const r11 = f[0] + (i0 + 3) * s[0];
    T *const r12 = f[3] + (i0 + 1) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i + 1);
        const V v2 = -v1;
        const V v3 = LOAD(r0 + i + 2);
        const V v4 = v0 - v3;
        const V v5 = c1 * v4;
        const V v6 = LOAD(r2 + i);
        const V v7 = -v6;
        const V v8 = LOAD(r3 + i);
        const V v9 = v0 - v8;
        const V v10 = c2 * v9;
        const V v11 = LOAD(r4 + i);
        const V v12 = LOAD(r5 + i);
        const V v13 = LOAD(r6 + i);
        const V v14 = v12 - v13;
        const V v15 = c3 * v14;
        const V v16 = LOAD(r1 + i - 1);
        const V v17 = LOAD(r0 + i - 2);
        const V v18 = v17 - v0;
        const V v19 = c1 * v18;
        const V v20 = LOAD(r7 + i);
        const V v21 = LOAD(r8 + i);
        const V v22 = v21 - v0;
        const V v23 = c2 * v22;
        const V v24 = v20 * v23;
        const V v25 = vfma(v16, v19, v24);
        const V v26 = vfma(v11, v15, v25);
        const V v27 = vfma(v7, v10, v26);
        const V v28 = vfma(v2, v5, v27);
        const V v29 = v0 + v28;
        const V v30 = LOAD(r6 + i);
        const V v31 = LOAD(r2 + i + 1);
        const V v32 = -v31;
        const V v33 = LOAD(r6 + i + 2);
        const V v34 = v30 - v33;
        const V v35 = c1 * v34;
        const V v36 = LOAD(r10 + i);
        const V v37 = -v36;
        const V v38 = LOAD(r11 + i);
        const V v39 = v30 - v38;
        const V v40 = c2 * v39;
        const V v41 = LOAD(r4 + i);
        const V v42 = LOAD(r0 + i);
        const V v43 = LOAD(r3 + i);
        const V v44 = v42 - v43;
        const V v45 = c3 * v44;
        const V v46 = LOAD(r2 + i - 1);
        const V v47 = LOAD(r6 + i - 2);
        const V v48 = v47 - v30;
        const V v49 = c1 * v48;
        const V v50 = LOAD(r1 + i);
        const V v51 = LOAD(r5 + i);
        const V v52 = v51 - v30;
        const V v53 = c2 * v52;
        const V v54 = v50 * v53;
        const V v55 = vfma(v46, v49, v54);
        const V v56 = vfma(v41, v45, v55);
        const V v57 = vfma(v37, v40, v56);
        const V v58 = vfma(v32, v35, v57);
        const V v59 = v30 + v58;
        put(r9 + i, v29, i, lo, hi);
        put(r12 + i, v59, i, lo, hi);
      }
    }
  }
  for (; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[1] + (i0 + 1) * s[0];
    T *const r3 = f[0] + (i0 + 2) * s[0];
    T *const r4 = f[2];
    T *const r5 = f[0] + (i0 - 1) * s[0];
    T *const r6 = f[0] + (i0 + 1) * s[0];
    T *const r7 = f[1] + (i0 - 1) * s[0];
    T *const r8 = f[0] + (i0 - 2) * s[0];
    T *const r9 = f[3] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      for (long i = lo & -(long)L; i < hi; i += L) {
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i + 1);
        const V v2 = -v1;
        const V v3 = LOAD(r0 + i + 2);
        const V v4 = v0 - v3;
        const V v5 = c1 * v4;
        const V v6 = LOAD(r2 + i);
        const V v7 = -v6;
        const V v8 = LOAD(r3 + i);
        const V v9 = v0 - v8;
        const V v10 = c2 * v9;
        const V v11 = LOAD(r4 + i);
        const V v12 = LOAD(r5 + i);
        const V v13 = LOAD(r6 + i);
        const V v14 = v12 - v13;
        const V v15 = c3 * v14;
        const V v16 = LOAD(r1 + i - 1);
        const V v17 = LOAD(r0 + i - 2);
        const V v18 = v17 - v0;
        const V v19 = c1 * v18;
        const V v20 = LOAD(r7 + i);
        const V v21 = LOAD(r8 + i);
        const V v22 = v21 - v0;
        const V v23 = c2 * v22;
        const V v24 = v20 * v23;
        const V v25 = vfma(v16, v19, v24);
        const V v26 = vfma(v11, v15, v25);
        const V v27 = vfma(v7, v10, v26);
        const V v28 = vfma(v2, v5, v27);
        const V v29 = v0 + v28;
        put(r9 + i, v29, i, lo, hi);
      }
    }
  }
}
void rg_2(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c4 = c[4];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = q[0][point[j]];
      const T v1 = v0 * c4;
      sum = sum + weight[j] * v1;
    }
    f[3][i] = f[3][i] + sum;
  }
}
