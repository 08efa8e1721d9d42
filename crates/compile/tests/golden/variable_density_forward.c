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
  const long ahead = s[0] < 32 * L ? s[0] : 16 * L;
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[2] + (i0) * s[0];
    T *const r3 = f[3] + (i0) * s[0];
    T *const r4 = f[4] + (i0 + 1) * s[0];
    T *const r5 = f[0] + (i0 + 1) * s[0];
    T *const r6 = f[0] + (i0 + 2) * s[0];
    T *const r7 = f[0] + (i0 + 3) * s[0];
    T *const r8 = f[4] + (i0 - 1) * s[0];
    T *const r9 = f[0] + (i0 - 1) * s[0];
    T *const r10 = f[0] + (i0 - 2) * s[0];
    T *const r11 = f[4] + (i0) * s[0];
    T *const r12 = f[4] + (i0 - 2) * s[0];
    T *const r13 = f[0] + (i0 - 3) * s[0];
    T *const r14 = f[5] + (i0) * s[0];
    T *const r15 = f[6] + (i0) * s[0];
    T *const r16 = f[7] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r7 + i + ahead);
        __builtin_prefetch(r1 + i + ahead);
        __builtin_prefetch(r2 + i + ahead);
        __builtin_prefetch(r3 + i + ahead);
        __builtin_prefetch(r4 + i + ahead);
        __builtin_prefetch(r14 + i + ahead);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = -v1;
        const V v3 = vfma(sp(c0), v0, v2);
        const V v4 = LOAD(r2 + i + 1);
        const V v5 = c1 * v4;
        const V v6 = LOAD(r3 + i);
        const V v7 = v5 / v6;
        const V v8 = -v7;
        const V v9 = LOAD(r0 + i + 1);
        const V v10 = LOAD(r0 + i + 2);
        const V v11 = v9 - v10;
        const V v12 = LOAD(r0 + i + 3);
        const V v13 = v0 - v12;
        const V v14 = c3 * v13;
        const V v15 = vfma(sp(c2), v11, v14);
        const V v16 = LOAD(r2 + i - 1);
        const V v17 = c1 * v16;
        const V v18 = v17 / v6;
        const V v19 = -v18;
        const V v20 = LOAD(r0 + i - 1);
        const V v21 = v20 - v0;
        const V v22 = LOAD(r0 + i - 2);
        const V v23 = v22 - v9;
        const V v24 = c5 * v23;
        const V v25 = vfma(sp(c4), v21, v24);
        const V v26 = LOAD(r4 + i);
        const V v27 = c6 * v26;
        const V v28 = v27 / v6;
        const V v29 = -v28;
        const V v30 = LOAD(r5 + i);
        const V v31 = LOAD(r6 + i);
        const V v32 = v30 - v31;
        const V v33 = LOAD(r7 + i);
        const V v34 = v0 - v33;
        const V v35 = c3 * v34;
        const V v36 = vfma(sp(c2), v32, v35);
        const V v37 = LOAD(r8 + i);
        const V v38 = c6 * v37;
        const V v39 = v38 / v6;
        const V v40 = -v39;
        const V v41 = LOAD(r9 + i);
        const V v42 = v41 - v0;
        const V v43 = LOAD(r10 + i);
        const V v44 = v43 - v30;
        const V v45 = c5 * v44;
        const V v46 = vfma(sp(c4), v42, v45);
        const V v47 = LOAD(r2 + i);
        const V v48 = c1 * v47;
        const V v49 = v48 / v6;
        const V v50 = v0 - v9;
        const V v51 = v20 - v10;
        const V v52 = c5 * v51;
        const V v53 = vfma(sp(c4), v50, v52);
        const V v54 = LOAD(r2 + i - 2);
        const V v55 = c1 * v54;
        const V v56 = v55 / v6;
        const V v57 = v22 - v20;
        const V v58 = LOAD(r0 + i - 3);
        const V v59 = v58 - v0;
        const V v60 = c3 * v59;
        const V v61 = vfma(sp(c2), v57, v60);
        const V v62 = LOAD(r11 + i);
        const V v63 = c6 * v62;
        const V v64 = v63 / v6;
        const V v65 = v0 - v30;
        const V v66 = v41 - v31;
        const V v67 = c5 * v66;
        const V v68 = vfma(sp(c4), v65, v67);
        const V v69 = LOAD(r12 + i);
        const V v70 = c6 * v69;
        const V v71 = v70 / v6;
        const V v72 = v43 - v41;
        const V v73 = LOAD(r13 + i);
        const V v74 = v73 - v0;
        const V v75 = c3 * v74;
        const V v76 = vfma(sp(c2), v72, v75);
        const V v77 = v71 * v76;
        const V v78 = vfma(v64, v68, v77);
        const V v79 = vfma(v56, v61, v78);
        const V v80 = vfma(v49, v53, v79);
        const V v81 = vfma(v40, v46, v80);
        const V v82 = vfma(v29, v36, v81);
        const V v83 = vfma(v19, v25, v82);
        const V v84 = vfma(v8, v15, v83);
        const V v85 = v3 + v84;
        put(r14 + i, v85, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r7 + i + ahead);
        __builtin_prefetch(r1 + i + ahead);
        __builtin_prefetch(r2 + i + ahead);
        __builtin_prefetch(r3 + i + ahead);
        __builtin_prefetch(r4 + i + ahead);
        __builtin_prefetch(r15 + i + ahead);
        __builtin_prefetch(r16 + i + ahead);
        __builtin_prefetch(r14 + i + ahead);
        const V v0 = LOAD(r0 + i);
        const V v1 = LOAD(r1 + i);
        const V v2 = -v1;
        const V v3 = vfma(sp(c0), v0, v2);
        const V v4 = LOAD(r2 + i + 1);
        const V v5 = LOAD(r3 + i);
        const V v6 = LOAD(r0 + i + 1);
        const V v7 = LOAD(r0 + i + 2);
        const V v8 = v6 - v7;
        const V v9 = LOAD(r0 + i + 3);
        const V v10 = v0 - v9;
        const V v11 = c3 * v10;
        const V v12 = vfma(sp(c2), v8, v11);
        const V v13 = LOAD(r2 + i - 1);
        const V v14 = LOAD(r0 + i - 1);
        const V v15 = v14 - v0;
        const V v16 = LOAD(r0 + i - 2);
        const V v17 = v16 - v6;
        const V v18 = c5 * v17;
        const V v19 = vfma(sp(c4), v15, v18);
        const V v20 = LOAD(r4 + i);
        const V v21 = LOAD(r5 + i);
        const V v22 = LOAD(r6 + i);
        const V v23 = v21 - v22;
        const V v24 = LOAD(r7 + i);
        const V v25 = v0 - v24;
        const V v26 = c3 * v25;
        const V v27 = vfma(sp(c2), v23, v26);
        const V v28 = LOAD(r8 + i);
        const V v29 = LOAD(r9 + i);
        const V v30 = v29 - v0;
        const V v31 = LOAD(r10 + i);
        const V v32 = v31 - v21;
        const V v33 = c5 * v32;
        const V v34 = vfma(sp(c4), v30, v33);
        const V v35 = LOAD(r2 + i);
        const V v36 = v0 - v6;
        const V v37 = v14 - v7;
        const V v38 = c5 * v37;
        const V v39 = vfma(sp(c4), v36, v38);
        const V v40 = LOAD(r2 + i - 2);
        const V v41 = v16 - v14;
        const V v42 = LOAD(r0 + i - 3);
        const V v43 = v42 - v0;
        const V v44 = c3 * v43;
        const V v45 = vfma(sp(c2), v41, v44);
        const V v46 = LOAD(r11 + i);
        const V v47 = v0 - v21;
        const V v48 = v29 - v22;
        const V v49 = c5 * v48;
        const V v50 = vfma(sp(c4), v47, v49);
        const V v51 = LOAD(r12 + i);
        const V v52 = v31 - v29;
        const V v53 = LOAD(r13 + i);
        const V v54 = v53 - v0;
        const V v55 = c3 * v54;
        const V v56 = vfma(sp(c2), v52, v55);
        const V v57 = c7 * v4;
        const V v58 = LOAD(r15 + i);
        const V v59 = v5 * c9;
        const V v60 = vfma(sp(c8), v58, v59);
        const V v61 = v57 / v60;
        const V v62 = -v61;
        const V v63 = c7 * v13;
        const V v64 = v63 / v60;
        const V v65 = -v64;
        const V v66 = c10 * v20;
        const V v67 = v66 / v60;
        const V v68 = -v67;
        const V v69 = c10 * v28;
        const V v70 = v69 / v60;
        const V v71 = -v70;
        const V v72 = LOAD(r16 + i);
        const V v73 = -v72;
        const V v74 = v0 - v1;
        const V v75 = c7 * v35;
        const V v76 = v75 / v60;
        const V v77 = c7 * v40;
        const V v78 = v77 / v60;
        const V v79 = c10 * v46;
        const V v80 = v79 / v60;
        const V v81 = c10 * v51;
        const V v82 = v81 / v60;
        const V v83 = v82 * v56;
        const V v84 = vfma(v80, v50, v83);
        const V v85 = vfma(v78, v45, v84);
        const V v86 = vfma(v76, v39, v85);
        const V v87 = vfma(v73, v74, v86);
        const V v88 = vfma(v71, v34, v87);
        const V v89 = vfma(v68, v27, v88);
        const V v90 = vfma(v65, v19, v89);
        const V v91 = vfma(v62, v12, v90);
        const V v92 = v3 + v91;
        put(r14 + i, v92, i, lo, hi);
      }
    }
  }
}
void rg_1(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c11 = c[11];
  const T c9 = c[9];
  const T c12 = c[12];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = f[3][i];
      const T v1 = f[6][i];
      const T v2 = v0 * c9;
      const T v3 = q[0][point[j]];
      const T v4 = v1 * c12;
      const T v5 = v2 + v4;
      const T v6 = c11 / v5;
      const T v7 = v3 * v6;
      const T v8 = v7 * v0;
      sum = sum + weight[j] * v8;
    }
    f[5][i] = f[5][i] + sum;
  }
}
void rg_2(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
  (void)s, (void)c;
  const T c13 = c[13];
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[0][i];
      const T v1 = f[1][i];
      const T v2 = c13 * v1;
      const T v3 = v0 - v2;
      sum = sum + weight[j] * v3;
    }
    out[p] = sum;
  }
}
