//===- HDPAInterfaces.td - what every command op can say ------------------===//

#ifndef HDP_DIALECT_HDPA_IR_HDPAINTERFACES
#define HDP_DIALECT_HDPA_IR_HDPAINTERFACES

include "mlir/IR/OpBase.td"

def HDPA_CommandOpInterface : OpInterface<"CommandOpInterface"> {
  let cppNamespace = "::hdp::hdpa";
  let description = [{
    A command of the machine. Translation asks for the command and does not
    switch on kinds of ops; unit and encoding follow from the command.
  }];
  let methods = [
    InterfaceMethod<"The command with this op's fields; `toAddress` says what "
                    "stands for an address field.",
                    "::hdp::machine::Command", "toCommand",
                    (ins "::llvm::function_ref<uint32_t(::mlir::Attribute)>":
                         $toAddress)>
  ];
}

#endif // HDP_DIALECT_HDPA_IR_HDPAINTERFACES
