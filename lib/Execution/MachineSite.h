//===- MachineSite.h - one attention on a machine ---------------*- C++ -*-===//
//
// From the operands of a call to launches of a program and back to tensors,
// without MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_MACHINESITE_H
#define HDP_LIB_EXECUTION_MACHINESITE_H

#include "MachineLaunch.h"
#include "hdp/Execution/MachineEngine.h"

namespace hdp {

/// What the op of a site says.
struct MachineAttention {
  numerics::Policy policy;
  bool isDense = false; ///< without a policy
  double scale = 1.0;
  bool causal = false, hasMask = false, hasBias = false;
  /// Layouts as hdp.attention's; empty: none.
  llvm::SmallVector<int64_t, 4> queryPerm, keyPerm, valuePerm, resultPerm;
  ElementType resultType = ElementType::F32;
  /// The tensors that are wanted beside `out`.
  std::vector<std::string> names;
};

/// The operands of a call in the op's form: sizes, and elements as f32.
struct AttentionCallForm {
  /// The leading dimensions before that of heads.
  llvm::SmallVector<int64_t, 4> outer;
  int64_t Hq = 1, Hkv = 1, Lq = 1, Lk = 1, d = 1, dv = 1;
  bool hasHeads = false; ///< whether there is a dimension of heads
  std::vector<float> q, k, v;
  const HostTensor *mask = nullptr;
  std::optional<HostTensor> bias; ///< as f32

  int64_t numOuter() const {
    int64_t product = 1;
    for (int64_t size : outer)
      product *= size;
    return product;
  }
};

class MachineSite : public PreparedSite {
public:
  MachineSite(MachineAttention attention, const MachineOptions &options)
      : attention(std::move(attention)), launcher(options) {}

  llvm::Expected<std::vector<NamedTensor>>
  run(llvm::ArrayRef<const HostTensor *> inputs) const override {
    SiteCall call;
    return execute(inputs, call, /*isMeasured=*/false);
  }
  llvm::Expected<std::vector<NamedTensor>>
  measure(llvm::ArrayRef<const HostTensor *> inputs,
          SiteCall &call) const override {
    return execute(inputs, call, /*isMeasured=*/true);
  }

private:
  llvm::Expected<std::vector<NamedTensor>>
  execute(llvm::ArrayRef<const HostTensor *> inputs, SiteCall &call,
          bool isMeasured) const;

  MachineAttention attention;
  mutable Launcher launcher;
};

/// Reads the operands of a call; an error if their sizes do not belong
/// together.
llvm::Expected<AttentionCallForm>
readOperands(const MachineAttention &attention,
             llvm::ArrayRef<const HostTensor *> inputs);

/// The tensors of a call, launch by launch.
class ResultTensors {
public:
  ResultTensors(const MachineAttention &attention,
                const AttentionCallForm &form, const machine::Site &site);

  /// What the site function's results ask for.
  Recording getRecording() const {
    return hasValues ? Recording::Values : Recording::None;
  }
  void addLaunch(int64_t index, const LaunchResult &result);
  std::vector<NamedTensor> take();

private:
  void permuteOutput();

  const MachineAttention &attention;
  bool hasValues = false;
  std::vector<NamedTensor> tensors; ///< `out` first
};

} // namespace hdp

#endif // HDP_LIB_EXECUTION_MACHINESITE_H
