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
  const long *const end = b + 3 + 3 * b[2];
  for (long i0 = b[0]; i0 < b[1]; ++i0)
  {
    T *const r0 = f[0] + (i0) * s[0];
    T *const r1 = f[1] + (i0) * s[0];
    T *const r2 = f[2] + (i0 - 2) * s[0];
    T *const r3 = f[2] + (i0 - 1) * s[0];
    T *const r4 = f[3] + (i0) * s[0];
    T *const r5 = f[0] + (i0 - 3) * s[0];
    T *const r6 = f[0] + (i0 - 2) * s[0];
    T *const r7 = f[0] + (i0 - 1) * s[0];
    T *const r8 = f[2] + (i0) * s[0];
    T *const r9 = f[2] + (i0 + 1) * s[0];
    T *const r10 = f[0] + (i0 + 2) * s[0];
    T *const r11 = f[0] + (i0 + 1) * s[0];
    T *const r12 = f[2] + (i0 + 2) * s[0];
    T *const r13 = f[0] + (i0 + 3) * s[0];
    T *const r14 = f[4] + (i0) * s[0];
    T *const r15 = f[5] + (i0) * s[0];
    T *const r16 = f[6] + (i0) * s[0];
    for (const long *p = b + 3; p < end; p += 3) {
      const long lo = p[1], hi = p[2];
      if (p[0] == 0)
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r13 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r12 + i + 16 * L);
        __builtin_prefetch(r4 + i + 16 * L);
        __builtin_prefetch(r14 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = c0 * v0;
        const V v2 = LOAD(r1 + i);
        const V v3 = v1 - v2;
        const V v4 = LOAD(r2 + i);
        const V v5 = v4 * c2;
        const V v6 = LOAD(r3 + i);
        const V v7 = v6 * c2;
        const V v8 = v5 + v7;
        const V v9 = c1 * v8;
        const V v10 = LOAD(r4 + i);
        const V v11 = v9 / v10;
        const V v12 = LOAD(r5 + i);
        const V v13 = v12 - v0;
        const V v14 = c3 * v13;
        const V v15 = LOAD(r6 + i);
        const V v16 = LOAD(r7 + i);
        const V v17 = v15 - v16;
        const V v18 = c4 * v17;
        const V v19 = v14 - v18;
        const V v20 = v11 * v19;
        const V v21 = LOAD(r8 + i);
        const V v22 = v21 * c2;
        const V v23 = LOAD(r9 + i);
        const V v24 = v23 * c2;
        const V v25 = v22 + v24;
        const V v26 = c1 * v25;
        const V v27 = v26 / v10;
        const V v28 = LOAD(r10 + i);
        const V v29 = v16 - v28;
        const V v30 = c4 * v29;
        const V v31 = LOAD(r11 + i);
        const V v32 = v0 - v31;
        const V v33 = c5 * v32;
        const V v34 = v30 - v33;
        const V v35 = v27 * v34;
        const V v36 = v20 + v35;
        const V v37 = LOAD(r8 + i - 2);
        const V v38 = v37 * c2;
        const V v39 = LOAD(r8 + i - 1);
        const V v40 = v39 * c2;
        const V v41 = v38 + v40;
        const V v42 = c6 * v41;
        const V v43 = v42 / v10;
        const V v44 = LOAD(r0 + i - 3);
        const V v45 = v44 - v0;
        const V v46 = c3 * v45;
        const V v47 = LOAD(r0 + i - 2);
        const V v48 = LOAD(r0 + i - 1);
        const V v49 = v47 - v48;
        const V v50 = c4 * v49;
        const V v51 = v46 - v50;
        const V v52 = v43 * v51;
        const V v53 = v36 + v52;
        const V v54 = LOAD(r8 + i + 1);
        const V v55 = v54 * c2;
        const V v56 = v22 + v55;
        const V v57 = c6 * v56;
        const V v58 = v57 / v10;
        const V v59 = LOAD(r0 + i + 2);
        const V v60 = v48 - v59;
        const V v61 = c4 * v60;
        const V v62 = LOAD(r0 + i + 1);
        const V v63 = v0 - v62;
        const V v64 = c5 * v63;
        const V v65 = v61 - v64;
        const V v66 = v58 * v65;
        const V v67 = v53 + v66;
        const V v68 = v7 + v22;
        const V v69 = c1 * v68;
        const V v70 = v69 / v10;
        const V v71 = v15 - v31;
        const V v72 = c4 * v71;
        const V v73 = v16 - v0;
        const V v74 = c5 * v73;
        const V v75 = v72 - v74;
        const V v76 = v70 * v75;
        const V v77 = v67 - v76;
        const V v78 = LOAD(r12 + i);
        const V v79 = v78 * c2;
        const V v80 = v24 + v79;
        const V v81 = c1 * v80;
        const V v82 = v81 / v10;
        const V v83 = LOAD(r13 + i);
        const V v84 = v0 - v83;
        const V v85 = c3 * v84;
        const V v86 = v31 - v28;
        const V v87 = c4 * v86;
        const V v88 = v85 - v87;
        const V v89 = v82 * v88;
        const V v90 = v77 - v89;
        const V v91 = v40 + v22;
        const V v92 = c6 * v91;
        const V v93 = v92 / v10;
        const V v94 = v47 - v62;
        const V v95 = c4 * v94;
        const V v96 = v48 - v0;
        const V v97 = c5 * v96;
        const V v98 = v95 - v97;
        const V v99 = v93 * v98;
        const V v100 = v90 - v99;
        const V v101 = LOAD(r8 + i + 2);
        const V v102 = v101 * c2;
        const V v103 = v55 + v102;
        const V v104 = c6 * v103;
        const V v105 = v104 / v10;
        const V v106 = LOAD(r0 + i + 3);
        const V v107 = v0 - v106;
        const V v108 = c3 * v107;
        const V v109 = v62 - v59;
        const V v110 = c4 * v109;
        const V v111 = v108 - v110;
        const V v112 = v105 * v111;
        const V v113 = v100 - v112;
        const V v114 = v3 + v113;
        put(r14 + i, v114, i, lo, hi);
      }
      else
      for (long i = lo & -(long)L; i < hi; i += L) {
        __builtin_prefetch(r13 + i + 16 * L);
        __builtin_prefetch(r1 + i + 16 * L);
        __builtin_prefetch(r12 + i + 16 * L);
        __builtin_prefetch(r4 + i + 16 * L);
        __builtin_prefetch(r15 + i + 16 * L);
        __builtin_prefetch(r16 + i + 16 * L);
        __builtin_prefetch(r14 + i + 16 * L);
        const V v0 = LOAD(r0 + i);
        const V v1 = c0 * v0;
        const V v2 = LOAD(r1 + i);
        const V v3 = v1 - v2;
        const V v4 = LOAD(r2 + i);
        const V v5 = v4 * c2;
        const V v6 = LOAD(r3 + i);
        const V v7 = v6 * c2;
        const V v8 = v5 + v7;
        const V v9 = LOAD(r4 + i);
        const V v10 = LOAD(r5 + i);
        const V v11 = v10 - v0;
        const V v12 = c3 * v11;
        const V v13 = LOAD(r6 + i);
        const V v14 = LOAD(r7 + i);
        const V v15 = v13 - v14;
        const V v16 = c4 * v15;
        const V v17 = v12 - v16;
        const V v18 = LOAD(r8 + i);
        const V v19 = v18 * c2;
        const V v20 = LOAD(r9 + i);
        const V v21 = v20 * c2;
        const V v22 = v19 + v21;
        const V v23 = LOAD(r10 + i);
        const V v24 = v14 - v23;
        const V v25 = c4 * v24;
        const V v26 = LOAD(r11 + i);
        const V v27 = v0 - v26;
        const V v28 = c5 * v27;
        const V v29 = v25 - v28;
        const V v30 = LOAD(r8 + i - 2);
        const V v31 = v30 * c2;
        const V v32 = LOAD(r8 + i - 1);
        const V v33 = v32 * c2;
        const V v34 = v31 + v33;
        const V v35 = LOAD(r0 + i - 3);
        const V v36 = v35 - v0;
        const V v37 = c3 * v36;
        const V v38 = LOAD(r0 + i - 2);
        const V v39 = LOAD(r0 + i - 1);
        const V v40 = v38 - v39;
        const V v41 = c4 * v40;
        const V v42 = v37 - v41;
        const V v43 = LOAD(r8 + i + 1);
        const V v44 = v43 * c2;
        const V v45 = v19 + v44;
        const V v46 = LOAD(r0 + i + 2);
        const V v47 = v39 - v46;
        const V v48 = c4 * v47;
        const V v49 = LOAD(r0 + i + 1);
        const V v50 = v0 - v49;
        const V v51 = c5 * v50;
        const V v52 = v48 - v51;
        const V v53 = v7 + v19;
        const V v54 = v13 - v26;
        const V v55 = c4 * v54;
        const V v56 = v14 - v0;
        const V v57 = c5 * v56;
        const V v58 = v55 - v57;
        const V v59 = LOAD(r12 + i);
        const V v60 = v59 * c2;
        const V v61 = v21 + v60;
        const V v62 = LOAD(r13 + i);
        const V v63 = v0 - v62;
        const V v64 = c3 * v63;
        const V v65 = v26 - v23;
        const V v66 = c4 * v65;
        const V v67 = v64 - v66;
        const V v68 = v33 + v19;
        const V v69 = v38 - v49;
        const V v70 = c4 * v69;
        const V v71 = v39 - v0;
        const V v72 = c5 * v71;
        const V v73 = v70 - v72;
        const V v74 = LOAD(r8 + i + 2);
        const V v75 = v74 * c2;
        const V v76 = v44 + v75;
        const V v77 = LOAD(r0 + i + 3);
        const V v78 = v0 - v77;
        const V v79 = c3 * v78;
        const V v80 = v49 - v46;
        const V v81 = c4 * v80;
        const V v82 = v79 - v81;
        const V v83 = c7 * v8;
        const V v84 = v9 * c8;
        const V v85 = LOAD(r15 + i);
        const V v86 = v85 * c9;
        const V v87 = v84 + v86;
        const V v88 = v83 / v87;
        const V v89 = v88 * v17;
        const V v90 = c7 * v22;
        const V v91 = v90 / v87;
        const V v92 = v91 * v29;
        const V v93 = v89 + v92;
        const V v94 = c10 * v34;
        const V v95 = v94 / v87;
        const V v96 = v95 * v42;
        const V v97 = v93 + v96;
        const V v98 = c10 * v45;
        const V v99 = v98 / v87;
        const V v100 = v99 * v52;
        const V v101 = v97 + v100;
        const V v102 = LOAD(r16 + i);
        const V v103 = v0 - v2;
        const V v104 = v102 * v103;
        const V v105 = v101 - v104;
        const V v106 = c7 * v53;
        const V v107 = v106 / v87;
        const V v108 = v107 * v58;
        const V v109 = v105 - v108;
        const V v110 = c7 * v61;
        const V v111 = v110 / v87;
        const V v112 = v111 * v67;
        const V v113 = v109 - v112;
        const V v114 = c10 * v68;
        const V v115 = v114 / v87;
        const V v116 = v115 * v73;
        const V v117 = v113 - v116;
        const V v118 = c10 * v76;
        const V v119 = v118 / v87;
        const V v120 = v119 * v82;
        const V v121 = v117 - v120;
        const V v122 = v3 + v121;
        put(r14 + i, v122, i, lo, hi);
      }
    }
  }
}
void rg_1(T *const *f, const long *s, const T *c, const T *const *q, const long *index, const int *start, const int *point, const T *weight, long e0, long e1) {
  (void)s, (void)c, (void)q, (void)point;
  const T c11 = c[11];
  const T c8 = c[8];
  const T c12 = c[12];
  for (long e = e0; e < e1; ++e) {
    const long i = index[e];
    T sum = 0;
    for (int j = start[e]; j < start[e + 1]; ++j) {
      const T v0 = f[3][i];
      const T v1 = v0 * c8;
      const T v2 = f[5][i];
      const T v3 = q[0][point[j]];
      const T v4 = v2 * c12;
      const T v5 = v1 + v4;
      const T v6 = c11 / v5;
      const T v7 = v3 * v6;
      const T v8 = v7 * v0;
      sum = sum + weight[j] * v8;
    }
    f[4][i] = f[4][i] + sum;
  }
}
void rg_2(T *const *f, const long *s, const T *c, T *out, const long *index, const int *start, const T *weight, long p0, long p1) {
  (void)s, (void)c;
  const T c2 = c[2];
  for (long p = p0; p < p1; ++p) {
    T sum = 0;
    for (int j = start[p]; j < start[p + 1]; ++j) {
      const long i = index[j];
      const T v0 = f[0][i];
      const T v1 = f[1][i];
      const T v2 = c2 * v1;
      const T v3 = v0 - v2;
      sum = sum + weight[j] * v3;
    }
    out[p] = sum;
  }
}
