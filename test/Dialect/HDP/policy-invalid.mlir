// What #hdp.policy refuses, each with what was found and what was expected.
// RUN: hdp-opt %s --allow-unregistered-dialect -split-input-file -verify-diagnostics

// expected-error @below {{unknown policy preset 'papr', expected paper or compensated}}
"test.preset"() {p = #hdp.policy<papr>} : () -> ()
// -----
// expected-error @below {{unknown policy key 'roh', expected one of format, value_format, exponents, sq, sk, sv, split, importance, products, pruned, group, block, rho, keep, measure, tau, gated, reciprocal}}
"test.key"() {p = #hdp.policy<paper, roh = 0.5>} : () -> ()
// -----
// expected-error @below {{policy key 'rho' is given twice}}
"test.twice"() {p = #hdp.policy<paper, rho = 0.5, rho = 0.5>} : () -> ()
// -----
// expected-error @below {{policy takes 'rho' or 'keep', found both}}
"test.both"() {p = #hdp.policy<paper, keep = 0.5, rho = 0.5>} : () -> ()
// -----
// expected-error @below {{expected floor or nearest for policy key 'split', found 'even'}}
"test.word"() {p = #hdp.policy<paper, split = even>} : () -> ()
// -----
// expected-error @below {{expected a block of two sizes such as 2x1, found 1}}
"test.block"() {p = #hdp.policy<paper, block = 2>} : () -> ()
// -----
// expected-error @below {{expected a real number for policy key 'rho', found "much"}}
"test.real"() {p = #hdp.policy<paper, rho = "much">} : () -> ()
// -----
// expected-error @below {{expected integer bits of the format from 2 to 8, found 1}}
"test.integer_bits"() {p = #hdp.policy<paper, format = fixed<1, 8>>} : () -> ()
// -----
// expected-error @below {{expected fraction bits of the format from 1 to 12, found 13}}
"test.fraction_bits"() {p = #hdp.policy<paper, format = fixed<2, 13>>} : () -> ()
// -----
// expected-error @below {{expected a format of width from 3 to 16, found 17}}
"test.width"() {p = #hdp.policy<paper, format = fixed<8, 9>>} : () -> ()
// -----
// expected-error @below {{expected a format of width at most 8 with full products, found 12}}
"test.full"() {p = #hdp.policy<paper, products = full>} : () -> ()
// -----
// expected-error @below {{expected 4 or 12 fraction bits of the value format, found 8}}
"test.value_format"() {p = #hdp.policy<paper, value_format = fixed<4, 8>>} : () -> ()
// -----
// expected-error @below {{expected sq from -16 to 16, found 17}}
"test.exponent"() {p = #hdp.policy<paper, sq = 17>} : () -> ()
// -----
// expected-error @below {{expected no static exponent with exponents = dynamic, found sk = 1}}
"test.dynamic_exponent"() {p = #hdp.policy<compensated, sk = 1>} : () -> ()
// -----
// expected-error @below {{expected a group of at least 0, found -1}}
"test.group"() {p = #hdp.policy<paper, group = -1>} : () -> ()
// -----
// expected-error @below {{expected block rows from 1 to 16, found 17}}
"test.block_rows"() {p = #hdp.policy<paper, block = 17x2>} : () -> ()
// -----
// expected-error @below {{expected block columns from 1 to 16, found 0}}
"test.block_columns"() {p = #hdp.policy<paper, block = 2x0>} : () -> ()
// -----
// expected-error @below {{expected rho between -1 and 1 (exclusive, in 256ths), found 1}}
"test.rho"() {p = #hdp.policy<paper, rho = 1>} : () -> ()
// -----
// expected-error @below {{expected rho or keep of at most 1 in magnitude, found 1.0e+300}}
"test.huge_rho"() {p = #hdp.policy<paper, rho = 1.0e300>} : () -> ()
// -----
// expected-error @below {{expected keep from 0 to 1 (in 256ths), found -0.5}}
"test.keep"() {p = #hdp.policy<paper, keep = -0.5>} : () -> ()
// -----
// expected-error @below {{expected tau between -2^23 and 2^23, found 8388608}}
"test.tau"() {p = #hdp.policy<paper, tau = 8388608.0>} : () -> ()
// -----
// expected-error @below {{expected |rint(256 tau)| < 2^31, found tau = 1.0e+20}}
"test.huge_tau"() {p = #hdp.policy<paper, tau = 1.0e20>} : () -> ()
