//===- VectorTarget.cpp - generic ops, AVX2, AVX-VNNI, AVX-512 ------------===//

#include "VectorTarget.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace hdp;

VectorTypes::VectorTypes(ImplicitLocOpBuilder &b) {
  auto make = [](int64_t lanes, Type type) {
    return VectorType::get(lanes, type);
  };
  i8x64 = make(64, b.getI8Type());
  i8x32 = make(32, b.getI8Type());
  i16x32 = make(32, b.getI16Type());
  i16x16 = make(16, b.getI16Type());
  i32x16 = make(16, b.getI32Type());
  i32x8 = make(8, b.getI32Type());
  i64x8 = make(8, b.getI64Type());
  f32x16 = make(16, b.getF32Type());
  f64x8 = make(8, b.getF64Type());
}

//===----------------------------------------------------------------------===//
// Generic ops
//===----------------------------------------------------------------------===//

VectorTarget::~VectorTarget() = default;

Val VectorTarget::intrinsic(StringRef name, Type type, ArrayRef<Val> operands) {
  ImplicitLocOpBuilder &b = *operands[0].b;
  SmallVector<Value> values(operands.begin(), operands.end());
  return {b,
          LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(name), values)
              ->getResult(0)};
}

Val VectorTarget::dotU8S8(Val acc, Val u, Val s, bool) const {
  // Bytes 0 and 2, then 1 and 3 of each four, as words.
  VectorTypes types(*acc.b);
  Val wordsU = u.as(types.i16x32), wordsS = s.as(types.i16x32);
  acc = dotS16(acc, wordsU & 255, wordsS.shl(8).sra(8));
  return dotS16(acc, wordsU.srl(8), wordsS.sra(8));
}

Val VectorTarget::dotS16(Val acc, Val x, Val y) const {
  VectorTypes types(*acc.b);
  Val a = x.as(types.i32x16), b = y.as(types.i32x16);
  Val low = a.shl(16).sra(16) * b.shl(16).sra(16);
  return acc + low + a.sra(16) * b.sra(16);
}

/// x and y truncated to half the width, 128 bits in turn.
static Val interleaveNarrow(Val x, Val y, VectorType half) {
  int64_t count = half.getNumElements(), lane = count / 4;
  SmallVector<int64_t> mask;
  for (int64_t from = 0; from < count; from += lane)
    for (int64_t source : {int64_t(0), count})
      for (int64_t n = 0; n < lane; ++n)
        mask.push_back(source + from + n);
  return x.trunc(half).shuffle(y.trunc(half), mask);
}

Val VectorTarget::narrowToI16(Val x, Val y) const {
  VectorTypes types(*x.b);
  return interleaveNarrow(x.max(-32768).min(32767), y.max(-32768).min(32767),
                          types.i16x16);
}
Val VectorTarget::narrowToI8(Val x, Val y) const {
  VectorTypes types(*x.b);
  return interleaveNarrow(x.max(-128).min(127), y.max(-128).min(127),
                          types.i8x32);
}
Val VectorTarget::narrowToU8(Val x, Val y) const {
  VectorTypes types(*x.b);
  return interleaveNarrow(x.max(0).min(255), y.max(0).min(255), types.i8x32);
}

Val VectorTarget::mulRound15(Val x, Val y) const {
  VectorTypes types(*x.b);
  VectorType wide = VectorType::get(32, x.b->getI32Type());
  Val product = x.sext(wide) * y.sext(wide);
  return (product + (1 << 14)).sra(15).trunc(types.i16x32);
}

Val VectorTarget::shiftRight16(Val x, Val n) const {
  return x.srl(n.minU(15)); // x < 2^15
}

Val VectorTarget::round(Val x) const {
  // 1.5 * 2^23 leaves no bits behind the point: the sum is rounded to nearest
  // even there.
  VectorTypes types(*x.b);
  return (x + 12582912).as(types.i32x16) - 0x4B400000;
}

Val VectorTarget::quantize(Val x, Val y, Val factor, int64_t offset) const {
  Val words = narrowToI16(round(x * factor), round(y * factor));
  return offset == 0 ? words : words + offset;
}

Val VectorTarget::mulHighU16(Val x, Val y) const {
  VectorTypes types(*x.b);
  VectorType wide = VectorType::get(32, x.b->getI32Type());
  return (x.zext(wide) * y.zext(wide)).srl(16).trunc(types.i16x32);
}

Val VectorTarget::permute(Val, Val) const {
  llvm_unreachable("no instruction for it");
}

Val VectorTarget::compress(Val x, Val mask) const {
  return intrinsic("llvm.experimental.vector.compress", x.type(), {x, mask, x});
}

/// x, y, acc -> vpdpwssd. LLVM would take the intrinsic apart (vpmaddwd,
/// vpaddd) and reorder sums.
static Val dotS16Assembly(StringRef text, StringRef constraints, Type type,
                          ArrayRef<Val> operands) {
  ImplicitLocOpBuilder &b = *operands[0].b;
  SmallVector<Value> values(operands.begin(), operands.end());
  return {b, LLVM::InlineAsmOp::create(b, type, values, text, constraints,
                                       /*has_side_effects=*/false,
                                       /*is_align_stack=*/false,
                                       LLVM::tailcallkind::TailCallKind::None,
                                       LLVM::AsmDialectAttr(), ArrayAttr())
                 ->getResult(0)};
}

//===----------------------------------------------------------------------===//
// AVX2
//===----------------------------------------------------------------------===//

namespace {

class AVX2 : public VectorTarget {
public:
  Val dotU8S8(Val acc, Val u, Val s, bool isSmall) const override {
    if (!isSmall)
      return VectorTarget::dotU8S8(acc, u, s, isSmall);
    VectorTypes types(*acc.b);
    Val words = halves("llvm.x86.avx2.pmadd.ub.sw", types.i16x32, {u, s});
    return dotS16(acc, words, words.constant(1));
  }
  Val dotS16(Val acc, Val x, Val y) const override {
    return acc + halves("llvm.x86.avx2.pmadd.wd", acc.type(), {x, y});
  }
  Val narrowToI16(Val x, Val y) const override {
    return halves("llvm.x86.avx2.packssdw", VectorTypes(*x.b).i16x32, {x, y});
  }
  Val narrowToI8(Val x, Val y) const override {
    return halves("llvm.x86.avx2.packsswb", VectorTypes(*x.b).i8x64, {x, y});
  }
  Val narrowToU8(Val x, Val y) const override {
    return halves("llvm.x86.avx2.packuswb", VectorTypes(*x.b).i8x64, {x, y});
  }
  Val mulRound15(Val x, Val y) const override {
    return halves("llvm.x86.avx2.pmul.hr.sw", x.type(), {x, y});
  }
  Val mulHighU16(Val x, Val y) const override {
    return halves("llvm.x86.avx2.pmulhu.w", x.type(), {x, y});
  }

protected:
  /// An intrinsic on 256 bits, on both halves of the operands.
  static Val halves(StringRef name, Type type, ArrayRef<Val> operands) {
    return onHalves(type, operands, [&](Type half, ArrayRef<Val> part) {
      return intrinsic(name, half, part);
    });
  }

  static Val onHalves(Type type, ArrayRef<Val> operands,
                      function_ref<Val(Type, ArrayRef<Val>)> compute) {
    ImplicitLocOpBuilder &b = *operands[0].b;
    auto full = cast<VectorType>(type);
    auto half =
        VectorType::get(full.getNumElements() / 2, full.getElementType());
    Val parts[2];
    for (int64_t part : {0, 1}) {
      SmallVector<Val> slices;
      for (Val operand : operands) {
        int64_t lanes = cast<VectorType>(operand.type()).getNumElements() / 2;
        slices.push_back({b, vector::ExtractStridedSliceOp::create(
                                 b, operand.v, {part * lanes}, {lanes}, {1})});
      }
      parts[part] = compute(half, slices);
    }
    return parts[0].shuffle(
        parts[1], llvm::to_vector(llvm::seq<int64_t>(full.getNumElements())));
  }
};

//===----------------------------------------------------------------------===//
// AVX-VNNI
//===----------------------------------------------------------------------===//

class AVXVNNI : public AVX2 {
public:
  Val dotU8S8(Val acc, Val u, Val s, bool) const override {
    // The encoding follows from the function's features.
    return halves("llvm.x86.avx512.vpdpbusd.256", acc.type(), {acc, u, s});
  }
  Val dotS16(Val acc, Val x, Val y) const override {
    return onHalves(acc.type(), {x, y, acc}, [](Type type, ArrayRef<Val> part) {
      return dotS16Assembly("{vex} vpdpwssd $2, $1, $0", "=x,x,x,0", type,
                            part);
    });
  }
};

//===----------------------------------------------------------------------===//
// AVX-512 VNNI
//===----------------------------------------------------------------------===//

class AVX512 : public VectorTarget {
public:
  Val dotU8S8(Val acc, Val u, Val s, bool) const override {
    return intrinsic("llvm.x86.avx512.vpdpbusd.512", acc.type(), {acc, u, s});
  }
  Val dotS16(Val acc, Val x, Val y) const override {
    return dotS16Assembly("vpdpwssd $2, $1, $0", "=v,v,v,0", acc.type(),
                          {x, y, acc});
  }
  Val narrowToI16(Val x, Val y) const override {
    return intrinsic("llvm.x86.avx512.packssdw.512", VectorTypes(*x.b).i16x32,
                     {x, y});
  }
  Val narrowToI8(Val x, Val y) const override {
    return intrinsic("llvm.x86.avx512.packsswb.512", VectorTypes(*x.b).i8x64,
                     {x, y});
  }
  Val narrowToU8(Val x, Val y) const override {
    return intrinsic("llvm.x86.avx512.packuswb.512", VectorTypes(*x.b).i8x64,
                     {x, y});
  }
  Val mulRound15(Val x, Val y) const override {
    return intrinsic("llvm.x86.avx512.pmul.hr.sw.512", x.type(), {x, y});
  }
  Val mulHighU16(Val x, Val y) const override {
    return intrinsic("llvm.x86.avx512.pmulhu.w.512", x.type(), {x, y});
  }
  bool canCompress() const override { return true; }
  bool canPermute() const override { return true; }
  Val permute(Val x, Val lanes) const override {
    return intrinsic("llvm.x86.avx512.permvar.si.512", x.type(), {x, lanes});
  }
  /// As round() of the base, whose sum has the result in its lower half.
  Val quantize(Val x, Val y, Val factor, int64_t offset) const override {
    ImplicitLocOpBuilder &b = *x.b;
    VectorTypes types(b);
    Val magic = x.constant(12582912 + offset);
    auto product = [&](Val z) {
      return Val(b, vector::FMAOp::create(b, z, factor, magic))
          .as(types.i16x32);
    };
    SmallVector<int64_t> lower;
    for (int64_t from = 0; from < 32; from += 8)
      for (int64_t source : {0, 32})
        for (int64_t n = 0; n < 8; n += 2)
          lower.push_back(source + from + n);
    return product(x).shuffle(product(y), lower);
  }
  Val shiftRight16(Val x, Val n) const override {
    return intrinsic("llvm.x86.avx512.psrlv.w.512", x.type(), {x, n});
  }
  Val round(Val x) const override {
    ImplicitLocOpBuilder &b = *x.b;
    VectorTypes types(b);
    Val all = Val::constantOf(b, b.getI16Type(), -1);
    Val current = Val::constantOf(b, b.getI32Type(), 4);
    return intrinsic("llvm.x86.avx512.mask.cvtps2dq.512", types.i32x16,
                     {x, Val::constantOf(b, types.i32x16, 0), all, current});
  }
};

} // namespace

std::unique_ptr<VectorTarget> VectorTarget::get(TargetKind kind) {
  switch (kind) {
  case TargetKind::Portable:
    return std::make_unique<VectorTarget>();
  case TargetKind::AVX2:
    return std::make_unique<AVX2>();
  case TargetKind::AVXVNNI:
    return std::make_unique<AVXVNNI>();
  case TargetKind::AVX512:
  case TargetKind::AVX512BF16:
  case TargetKind::AMX:
    return std::make_unique<AVX512>();
  }
  llvm_unreachable("unknown target");
}
