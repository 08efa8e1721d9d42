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
      const T v1 = f[1][i];
      const T v2 = c0 * v1;
      const T v3 = v0 - v2;
      sum = sum + weight[j] * v3;
    }
    out[p] = sum;
  }
}
void rg_1(T *const *f, const long *s, const T *c, const long *b) {
  (void)s, (void)c;
  const T c1 = c[1];
  const T c2 = c[2];
  const T c3 = c[3];
  const T c4 = c[4];
  const T c5 = c[5];
  const T c6 = c[6];
  const T c7 = c[7];
  const long ahead = s[0] < 32 * L ? s[0] : 16 * L;
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[2] + (i0) * s[0];
    T *const r3 = f[3] + (i0) * s[0];
    T *const r4 = f[0] + (i0 + 1) * s[0];
    T *const r5 = f[4] + (i0) * s[0];
    T *const r6 = f[4] + (i0 - 1) * s[0];
    T *const r7 = f[0] + (i0 - 1) * s[0];
    T *const r8 = f[0] + (i0 + 2) * s[0];
    T *const r9 = f[4] + (i0 + 1) * s[0];
    T *const r10 = f[0] + (i0 - 2) * s[0];
    T *const r11 = f[4] + (i0 - 2) * s[0];
    T *const r12 = f[0] + (i0 + 3) * s[0];
    T *const r13 = f[0] + (i0 - 3) * s[0];
    T *const r14 = f[5] + (i0) * s[0];
    T *const r15 = f[6] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r12 + i + ahead);
        __builtin_prefetch(r1 + i + ahead);
        __builtin_prefetch(r2 + i + ahead);
        __builtin_prefetch(r3 + i + ahead);
        __builtin_prefetch(r9 + i + ahead);
        __builtin_prefetch(r14 + i + ahead);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r2 + i);
        const V v3 = LOAD(r0 + i + 1);
        const V v4 = LOAD(r3 + i);
        const V v5 = -v0;
        const V v6 = LOAD(r3 + i - 1);
        const V v7 = LOAD(r0 + i - 1);
        const V v8 = v7 * v6;
        const V v9 = vfma(v5, v6, v8);
        const V v10 = vfma(v5, v4, v9);
        const V v11 = vfma(v3, v4, v10);
        const V v12 = LOAD(r0 + i + 2);
        const V v13 = LOAD(r3 + i + 1);
        const V v14 = -v3;
        const V v15 = -v7;
        const V v16 = -v6;
        const V v17 = LOAD(r0 + i - 2);
        const V v18 = LOAD(r3 + i - 2);
        const V v19 = -v18;
        const V v20 = v18 * v17;
        const V v21 = vfma(v19, v7, v20);
        const V v22 = vfma(v17, v6, v21);
        const V v23 = vfma(v16, v3, v22);
        const V v24 = vfma(v15, v4, v23);
        const V v25 = vfma(v4, v12, v24);
        const V v26 = vfma(v14, v13, v25);
        const V v27 = vfma(v12, v13, v26);
        const V v28 = LOAD(r0 + i + 3);
        const V v29 = LOAD(r0 + i - 3);
        const V v30 = v18 * v29;
        const V v31 = vfma(v5, v18, v30);
        const V v32 = vfma(v5, v13, v31);
        const V v33 = vfma(v13, v28, v32);
        const V v34 = LOAD(r4 + i);
        const V v35 = LOAD(r5 + i);
        const V v36 = LOAD(r6 + i);
        const V v37 = LOAD(r7 + i);
        const V v38 = v37 * v36;
        const V v39 = vfma(v5, v36, v38);
        const V v40 = vfma(v5, v35, v39);
        const V v41 = vfma(v34, v35, v40);
        const V v42 = LOAD(r8 + i);
        const V v43 = LOAD(r9 + i);
        const V v44 = -v34;
        const V v45 = -v37;
        const V v46 = -v36;
        const V v47 = LOAD(r10 + i);
        const V v48 = LOAD(r11 + i);
        const V v49 = -v48;
        const V v50 = v48 * v47;
        const V v51 = vfma(v49, v37, v50);
        const V v52 = vfma(v47, v36, v51);
        const V v53 = vfma(v46, v34, v52);
        const V v54 = vfma(v45, v35, v53);
        const V v55 = vfma(v35, v42, v54);
        const V v56 = vfma(v44, v43, v55);
        const V v57 = vfma(v42, v43, v56);
        const V v58 = LOAD(r12 + i);
        const V v59 = LOAD(r13 + i);
        const V v60 = v48 * v59;
        const V v61 = vfma(v5, v48, v60);
        const V v62 = vfma(v5, v43, v61);
        const V v63 = vfma(v43, v58, v62);
        const V v64 = c6 * v63;
        const V v65 = vfma(sp(c5), v57, v64);
        const V v66 = vfma(sp(c4), v41, v65);
        const V v67 = vfma(sp(c3), v33, v66);
        const V v68 = vfma(sp(c2), v27, v67);
        const V v69 = vfma(sp(c1), v11, v68);
        const V v70 = -v1;
        const V v71 = vfma(sp(c7), v0, v70);
        const V v72 = vfma(v2, v69, v71);
        put(r14 + i, v72, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r12 + i + ahead);
        __builtin_prefetch(r1 + i + ahead);
        __builtin_prefetch(r2 + i + ahead);
        __builtin_prefetch(r3 + i + ahead);
        __builtin_prefetch(r9 + i + ahead);
        __builtin_prefetch(r15 + i + ahead);
        __builtin_prefetch(r14 + i + ahead);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = LOAD(r2 + i);
        const V v3 = LOAD(r0 + i + 1);
        const V v4 = LOAD(r3 + i);
        const V v5 = -v0;
        const V v6 = LOAD(r3 + i - 1);
        const V v7 = LOAD(r0 + i - 1);
        const V v8 = v7 * v6;
        const V v9 = vfma(v5, v6, v8);
        const V v10 = vfma(v5, v4, v9);
        const V v11 = vfma(v3, v4, v10);
        const V v12 = LOAD(r0 + i + 2);
        const V v13 = LOAD(r3 + i + 1);
        const V v14 = -v3;
        const V v15 = -v7;
        const V v16 = -v6;
        const V v17 = LOAD(r0 + i - 2);
        const V v18 = LOAD(r3 + i - 2);
        const V v19 = -v18;
        const V v20 = v18 * v17;
        const V v21 = vfma(v19, v7, v20);
        const V v22 = vfma(v17, v6, v21);
        const V v23 = vfma(v16, v3, v22);
        const V v24 = vfma(v15, v4, v23);
        const V v25 = vfma(v4, v12, v24);
        const V v26 = vfma(v14, v13, v25);
        const V v27 = vfma(v12, v13, v26);
        const V v28 = LOAD(r0 + i + 3);
        const V v29 = LOAD(r0 + i - 3);
        const V v30 = v18 * v29;
        const V v31 = vfma(v5, v18, v30);
        const V v32 = vfma(v5, v13, v31);
        const V v33 = vfma(v13, v28, v32);
        const V v34 = LOAD(r4 + i);
        const V v35 = LOAD(r5 + i);
        const V v36 = LOAD(r6 + i);
        const V v37 = LOAD(r7 + i);
        const V v38 = v37 * v36;
        const V v39 = vfma(v5, v36, v38);
        const V v40 = vfma(v5, v35, v39);
        const V v41 = vfma(v34, v35, v40);
        const V v42 = LOAD(r8 + i);
        const V v43 = LOAD(r9 + i);
        const V v44 = -v34;
        const V v45 = -v37;
        const V v46 = -v36;
        const V v47 = LOAD(r10 + i);
        const V v48 = LOAD(r11 + i);
        const V v49 = -v48;
        const V v50 = v48 * v47;
        const V v51 = vfma(v49, v37, v50);
        const V v52 = vfma(v47, v36, v51);
        const V v53 = vfma(v46, v34, v52);
        const V v54 = vfma(v45, v35, v53);
        const V v55 = vfma(v35, v42, v54);
        const V v56 = vfma(v44, v43, v55);
        const V v57 = vfma(v42, v43, v56);
        const V v58 = LOAD(r12 + i);
        const V v59 = LOAD(r13 + i);
        const V v60 = v48 * v59;
        const V v61 = vfma(v5, v48, v60);
        const V v62 = vfma(v5, v43, v61);
        const V v63 = vfma(v43, v58, v62);
        const V v64 = c6 * v63;
        const V v65 = vfma(sp(c5), v57, v64);
        const V v66 = vfma(sp(c4), v41, v65);
        const V v67 = vfma(sp(c3), v33, v66);
        const V v68 = vfma(sp(c2), v27, v67);
        const V v69 = vfma(sp(c1), v11, v68);
        const V v70 = -v1;
        const V v71 = vfma(sp(c7), v0, v70);
        const V v72 = -v2;
        const V v73 = v0 - v1;
        const V v74 = LOAD(r15 + i);
        const V v75 = v74 * v69;
        const V v76 = vfma(v72, v73, v75);
        const V v77 = v71 + v76;
        put(r14 + i, v77, i, lo, hi);
      }
    }
  }
}
void rg_2(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c8 = c[8];
  const T c9 = c[9];
  const T c10 = c[10];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = q[0][point[j]];
      const T v1 = f[7][i];
      const T v2 = v1 * c9;
      const T v3 = f[8][i];
      const T v4 = v3 * c10;
      const T v5 = v2 + v4;
      const T v6 = c8 / v5;
      const T v7 = v0 * v6;
      const T v8 = v7 * v1;
      sum = sum + weight[j] * v8;
    }
    f[5][i] = f[5][i] + sum;
  }
}
