//===- HDPABase.td - the dialect, its machine and its base classes --------===//

#ifndef HDP_DIALECT_HDPA_IR_HDPABASE
#define HDP_DIALECT_HDPA_IR_HDPABASE

include "hdp/Dialect/HDPA/IR/HDPAInterfaces.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def HDPA_Dialect : Dialect {
  let name = "hdpa";
  let summary = "Commands of the accelerator";
  let description = [{
    The text form of command streams (docs/CommandStream.md). An `hdpa.program`
    holds, in this order, the attentions that it is about (`hdpa.site`), the
    tensors in DRAM (`hdpa.symbol`) and a flat list of commands, one op for each
    command of the machine with its fields as attributes of the same names.
    Before addresses are chosen it has buffers (`hdpa.buffer`) that commands
    name instead. Host code runs a program by `hdpa.launch`.

    Laws of the dialect: commands are ordered, they act on addresses, and they
    are for one machine, of which the program knows the ARCH parameters
    (`#hdpa.machine`). No branches: data-dependent skipping is by predicate. A
    command names the register slot whose gate can drop it, or reads the block
    states that the sparsity engine wrote, and the machine decides; so a program
    is static and its cost is dynamic. Fields `site` and `symbol` are positions
    among the program's sites and symbols, from 0.

    The verifier holds every command against the program's machine, sites and
    symbols: what is accepted can be translated and executed.
  }];
  let cppNamespace = "::hdp::hdpa";
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::hdp::HDPDialect"];
}

def HDPA_MachineAttr : AttrDef<HDPA_Dialect, "Machine"> {
  let mnemonic = "machine";
  let summary = "what a program may know of its machine";
  let description = [{
    The ARCH parameters of docs/Machine.md, as `name = value`, in any order,
    each at most once. Parameters that are not named have their default (that of
    hdp-edge), and those with their default are not printed. TIMING parameters
    change no program and are not part of it.

    Example:

    ```mlir
    #edge = #hdpa.machine<>
    #small = #hdpa.machine<cores = 1, cores_per_head = 1, k_bytes = 4096>
    ```
  }];
  let parameters = (ins
    ArrayRefParameter<"uint64_t", "values in the order of Params.def">:$values);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The attribute of a machine.
    static MachineAttr get(::mlir::MLIRContext *context,
                           const ::hdp::machine::Config &config);
    /// A machine with these ARCH parameters, everything else default.
    ::hdp::machine::Config toConfig() const;
  }];
}

def HDPA_TurnAttr : AttrDef<HDPA_Dialect, "Turn"> {
  let mnemonic = "turn";
  let summary = "a turn of a buffer, where an address will be";
  let description = [{
    Printed as `@key[3]` in the address fields of commands.

    Example: `#hdpa.turn<@key[3]>`
  }];
  let parameters = (ins
    AttrParameter<"::mlir::FlatSymbolRefAttr",
                  "a buffer of the program">:$buffer,
    AttrParameter<"uint32_t", "which of its contents, from 0">:$turn);
  let assemblyFormat = "`<` $buffer `[` $turn `]` `>`";
}

/// An address field of a command.
def HDPA_Address : AnyAttrOf<[UI32Attr, HDPA_TurnAttr],
                             "an address or a turn of a buffer">;

/// What the host hands to a program.
def HDPA_Codes : AnyTypeOf<[RankedTensorOf<[AnySignlessInteger]>,
                            MemRefOf<[AnySignlessInteger]>],
                           "ranked tensor or memref of integers">;

/// A command. `name` is that of Commands.def; the fields are `arguments`.
class HDPA_Command<string mnemonic, string name>
    : Op<HDPA_Dialect, mnemonic,
         [HasParent<"::hdp::hdpa::ProgramOp">,
          DeclareOpInterfaceMethods<HDPA_CommandOpInterface>]> {
  let extraClassDefinition = [{
    ::hdp::machine::Command $cppClass::toCommand(
        ::llvm::function_ref<uint32_t(::mlir::Attribute)> toAddress) {
      ::hdp::machine::}] # name # [{Command command;
      ::hdp::hdpa::detail::readFields(getOperation(), toAddress, command);
      return command;
    }
  }];
}

#endif // HDP_DIALECT_HDPA_IR_HDPABASE
