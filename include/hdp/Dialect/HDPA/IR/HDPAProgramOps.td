//===- HDPAProgramOps.td - programs, what they declare, launches ----------===//

#ifndef HDP_DIALECT_HDPA_IR_HDPAPROGRAMOPS
#define HDP_DIALECT_HDPA_IR_HDPAPROGRAMOPS

include "hdp/Dialect/HDP/IR/HDPAttrs.td"
include "hdp/Dialect/HDPA/IR/HDPABase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def HDPA_ProgramOp
    : Op<HDPA_Dialect, "program",
         [Symbol, IsolatedFromAbove, NoRegionArguments, NoTerminator,
          SingleBlock]> {
  let summary = "a flat list of commands for one machine";
  let description = [{
    Sites, then symbols, then buffers, then commands. The order of the commands
    is a legal order of execution; docs/CommandStream.md says what the machine
    may overlap.

    A program with buffers is in *named form*: commands name turns of buffers
    (`@key[3]`), and 0 stands in address fields that a command does not use.
    `--hdpa-allocate-scratchpad` makes it a program with addresses and without
    buffers, the *addressed form*, which alone can be translated and launched.

    Example:

    ```mlir
    hdpa.program @store machine = #hdpa.machine<cores = 8> {
      hdpa.symbol output "o", bits = 16, rows = 12, columns = 64, address = 4096
      hdpa.store core = 1, symbol = 0, row = 8, rows = 4, address = 32
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, HDPA_MachineAttr:$machine);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `machine` `=` qualified($machine) attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether commands have addresses, not buffers.
    bool isAddressed();
    /// An addressed program as the machine library knows it. Fails, with an
    /// error at the op, at the first one that has no encoding or stands out of
    /// order.
    ::mlir::FailureOr<::hdp::machine::Program> toProgram();
    /// The same of any program; an addressed one has no buffers, and addresses
    /// for references.
    ::mlir::FailureOr<::hdp::machine::NamedProgram> toNamedProgram();
  }];
}

def HDPA_SiteOp
    : Op<HDPA_Dialect, "site", [HasParent<"::hdp::hdpa::ProgramOp">]> {
  let summary = "one attention on all its heads";
  let description = [{
    What units are set up with: policy, scale, `heads = Hq over Hkv`, `lengths =
    Lq x Lk`, depths of keys and values; `causal`, `mask` (validity comes from a
    symbol), `bias` (an additive mask does); `dense`: nothing is pruned, codes
    of the whole format are multiplied at once.

    Example:

    ```mlir
    hdpa.program @empty machine = #hdpa.machine<> {
      hdpa.site #hdp.policy<compensated, rho = 0.25>, scale = 0.125, heads = 8 over 2, lengths = 128 x 128, d = 64, dv = 64 causal mask
    }
    ```
  }];
  let arguments = (ins
    HDP_PolicyAttr:$policy, F64Attr:$scale, UI32Attr:$Hq, UI32Attr:$Hkv,
    UI32Attr:$Lq, UI32Attr:$Lk, UI32Attr:$d, UI32Attr:$dv, UnitAttr:$causal,
    UnitAttr:$mask, UnitAttr:$bias, UnitAttr:$dense);
  let assemblyFormat = [{
    qualified($policy) `,` `scale` `=` $scale `,` `heads` `=` $Hq `over` $Hkv `,`
    `lengths` `=` $Lq `x` $Lk `,` `d` `=` $d `,` `dv` `=` $dv
    (`causal` $causal^)? (`mask` $mask^)? (`bias` $bias^)?
    (`dense` $dense^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::hdp::machine::Site toSite();
  }];
}

def HDPA_SymbolOp
    : Op<HDPA_Dialect, "symbol", [HasParent<"::hdp::hdpa::ProgramOp">]> {
  let summary = "a tensor in DRAM";
  let description = [{
    `rows` rows of `columns` elements of `bits` bits, every row starting on a
    byte, from `address` on. Loads read inputs, stores write outputs. An input
    with `contents`, its bytes in hexadecimal, is a constant that comes with the
    program: elements of 1 bit from the lowest bit of a byte on, others
    little-endian and signed.

    Example:

    ```mlir
    hdpa.program @empty machine = #hdpa.machine<> {
      hdpa.symbol input "qI", bits = 4, rows = 128, columns = 64, address = 0
      hdpa.symbol output "o", bits = 16, rows = 128, columns = 64, address = 4096
      hdpa.symbol input "valid", bits = 1, rows = 1, columns = 12, address = 20480, contents = "FF07"
    }
    ```
  }];
  let arguments = (ins
    UnitAttr:$output, StrAttr:$name, UI8Attr:$bits, UI64Attr:$rows,
    UI32Attr:$columns, UI64Attr:$address, OptionalAttr<StrAttr>:$contents);
  let assemblyFormat = [{
    (`output` $output^) : (`input`)? $name `,` `bits` `=` $bits `,` `rows` `=`
    $rows `,` `columns` `=` $columns `,` `address` `=` $address
    (`,` `contents` `=` $contents^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::hdp::machine::Symbol toSymbol();
  }];
}

def HDPA_BufferOp
    : Op<HDPA_Dialect, "buffer", [HasParent<"::hdp::hdpa::ProgramOp">]> {
  let summary = "bytes of a scratchpad that have no address yet";
  let description = [{
    `bytes` bytes of a scratchpad, on every core that uses them, for each of the
    buffer's turns: different contents, such as the keys of one head and those
    of the next. Commands name a turn as `@key[3]`. The buffer asks for room for
    `slots` turns at once (default 1); it gets more where more are live.

    Example:

    ```mlir
    hdpa.program @copy machine = #hdpa.machine<> {
      hdpa.symbol input "kI", bits = 4, rows = 256, columns = 64, address = 0
      hdpa.buffer @key key, bytes = 4096, slots = 2
      hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key,
          symbol = 0, row = 0, rows = 128, address = @key[0]
      hdpa.load cores = 0xF, queue = 0, predicate = none, buffer = key,
          symbol = 0, row = 128, rows = 128, address = @key[1]
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$name, UI8Attr:$scratchpad,
    UI64Attr:$bytes, DefaultValuedAttr<UI32Attr, "1">:$slots);
  let assemblyFormat = [{
    $name custom<Buffer>($scratchpad) `,` `bytes` `=` $bytes
    (`,` `slots` `=` $slots^)? attr-dict
  }];
  let extraClassDeclaration = [{
    ::hdp::machine::NamedBuffer toBuffer();
  }];
}

def HDPA_LaunchOp
    : Op<HDPA_Dialect, "launch",
         [AttrSizedOperandSegments, DestinationStyleOpInterface,
          DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
          DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "run a program on the co-processor";
  let description = [{
    Host code: copies `ins` into the input symbols of an addressed program that
    are not constants, in their order, runs it, and copies its output symbols into `outs`. Each
    operand holds as many elements as its symbol, in row-major order, of an
    integer type that is at least as wide; values have to fit the symbol's bits.
    In destination style: on tensors with a result for each of `outs`, on
    memrefs without.

    Example:

    ```mlir
    hdpa.program @copy machine = #hdpa.machine<> {
      hdpa.symbol output "o", bits = 16, rows = 8, columns = 16, address = 0
      hdpa.store core = 0, symbol = 0, row = 0, rows = 8, address = 0
    }
    func.func @host(%init: tensor<8x16xi16>) -> tensor<8x16xi16> {
      %0 = hdpa.launch @copy outs(%init : tensor<8x16xi16>) -> tensor<8x16xi16>
      return %0 : tensor<8x16xi16>
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$program,
    Variadic<HDPA_Codes>:$inputs, Variadic<HDPA_Codes>:$inits);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $program (`ins` `(` $inputs^ `:` type($inputs) `)`)?
    `outs` `(` $inits `:` type($inits) `)` attr-dict (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getInitsMutable();
    }
  }];
}

#endif // HDP_DIALECT_HDPA_IR_HDPAPROGRAMOPS
