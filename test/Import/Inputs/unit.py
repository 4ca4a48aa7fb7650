"""Unit tests of hdp-import's parts; no package outside the standard library is needed.

usage: unit.py FOLDER_OF_HDP_IMPORT [unittest options]
"""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, sys.argv.pop(1))

from hdp_import import migrate, model, wheels
from hdp_import.model import Imported, ImportFailure, Tensor


class Rules(unittest.TestCase):
    def test_examples(self):
        for rule in migrate.RULES:
            with self.subTest(rule.name):
                self.assertEqual(rule.apply(rule.before), (rule.after, 1))
                self.assertEqual(rule.apply(rule.after), (rule.after, 0))

    def unchanged(self, rule, text):
        self.assertEqual(rule(text), (text, 0))

    def test_packed_i1(self):
        text, count = migrate.pack_i1('dense<"0x%s"> : tensor<3x6xi1>' % ("0100" * 9))
        self.assertEqual((text, count), ('dense<"0x555501"> : tensor<3x6xi1>', 1))
        self.unchanged(migrate.pack_i1, 'dense<"0x555501"> : tensor<3x6xi1>')
        self.unchanged(migrate.pack_i1, 'dense<true> : tensor<3x6xi1>')
        self.unchanged(migrate.pack_i1, 'dense<"0x0100"> : tensor<2xi8>')

    def test_foreign_attributes(self):
        text = ('  func.func public @main(%arg0: tensor<2xf32> {jax.name = "a}, {b", '
                'bufferization.writable = false}, %arg1: tensor<f32> {mhlo.sharding = "{x}"}) -> '
                '(tensor<2xf32> {jax.result_info = "result[\'}\']"}) attributes {torch.onnx_meta'
                ".ir_version = 7 : si64, llvm.emit_c_interface} {")
        expected = ("  func.func public @main(%arg0: tensor<2xf32> {bufferization.writable = "
                    "false}, %arg1: tensor<f32>) -> (tensor<2xf32>) attributes "
                    "{llvm.emit_c_interface} {")
        self.assertEqual(migrate.drop_foreign_attributes(text), (expected, 4))
        self.unchanged(migrate.drop_foreign_attributes, "%0 = jax.op {jax.name = 3}\n")

    def test_output_shape(self):
        for kept in ["[[0, 1]] : tensor<?xf32> into tensor<?x3xf32>",
                     "[[0, 1]] output_shape [2, 3] : tensor<6xf32> into tensor<2x3xf32>"]:
            self.unchanged(migrate.add_output_shape, "%1 = tensor.expand_shape %0 " + kept)

    def test_init_tensor(self):
        self.assertEqual(migrate.replace_init_tensor("linalg.init_tensor [2, 3] : tensor<2x3xf32>"),
                         ("tensor.empty() : tensor<2x3xf32>", 1))

    def test_algorithm(self):
        text = ("%0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0], algorithm = "
                "<lhs = bf16, rhs = !quant<a<b>>>, precision = [DEFAULT] : (x) -> y\n")
        self.assertEqual(migrate.drop_algorithm(text * 2)[0].count("[0], precision"), 2)

    def test_early_rules_leave_syntax(self):
        text = 'dense<"0x0001"> : tensor<2xi1>'
        self.assertEqual(migrate.migrate(text, early=True), text)
        counts = {}
        migrate.migrate(text, counts)
        self.assertEqual(counts, {"packed-i1": 1})

    def test_left_overs(self):
        for text, part in [
                ("%1:2 = tm_tensor.scan dimension(0)", "'tm_tensor.scan' was not lowered: a cumul"),
                ('  %1 = "stablehlo.while"(%0)', "'stablehlo.while' was not lowered: a loop"),
                ("  %1 = chlo.top_k(%0)", "'chlo.top_k' was not lowered: an op outside"),
                ("  torch.prim.Print(%0)", "m: 'torch.prim' was not lowered")]:
            with self.assertRaisesRegex(ImportFailure, part.replace("(", "\\(")):
                migrate.refuse_left_overs("module {\n%s\n}" % text, "m")
        migrate.refuse_left_overs("%0 = tm_tensor.attention ins(%a)\n// stablehlo.while\n", "m")


class Signature(unittest.TestCase):
    def test_forms(self):
        text = ("func.func private @g(tensor<2xf32>)\n"
                "func.func public @f(%a: tensor<2x3xf32> {llvm.noalias}, %b: tensor<?xi64>) -> "
                "(tensor<2xf32> {x.y = 1}, tensor<i1>) attributes {z} {")
        self.assertEqual(model.signature(text, "m"),
                         ("f", ["tensor<2x3xf32>", "tensor<?xi64>"],
                          ["tensor<2xf32>", "tensor<i1>"]))
        self.assertEqual(model.signature("func.func @f() -> tensor<2x3xf32> {", "m"),
                         ("f", [], ["tensor<2x3xf32>"]))
        self.assertEqual(model.signature('func.func @"a b"() {', "m"), ("a b", [], []))
        with self.assertRaisesRegex(ImportFailure, "m: expected a public function, found none"):
            model.signature("module {}", "m")

    def test_static(self):
        self.assertEqual(model.tensors_of(["tensor<2x3xbf16>", "tensor<i1>"], "arg", "m"),
                         [Tensor("arg0", "bf16", (2, 3)), Tensor("arg1", "i1", ())])
        for text in "tensor<?x3xf32>", "memref<2xf32>", "tensor<2xindex>":
            with self.assertRaisesRegex(ImportFailure, "m: arg0: a manifest needs a tensor of "
                                        "static size, found "):
                model.tensors_of([text], "arg", "m")


class Files(unittest.TestCase):
    text = "func.func @f(%a: tensor<2xf32>, %b: tensor<3xi64>) -> tensor<2xf32> {"

    def test_check(self):
        a, b = Tensor("a", "f32", (2,)), Tensor("b", "i64", (3,))
        self.assertEqual(model.check(Imported(self.text, [a], [b], [a]), "m"), "f")
        self.assertEqual(model.check(Imported(self.text, [b], [a], [a], [1, 0]), "m"), "f")
        for imported, part in [
                (Imported(self.text, [a], [], [a]), "expected 1 arguments, found 2"),
                (Imported(self.text, [b], [a], [a]),
                 "argument 0: expected tensor<3xi64>, found tensor<2xf32>"),
                (Imported(self.text, [a], [b], [b]),
                 "result 0: expected tensor<3xi64>, found tensor<2xf32>")]:
            with self.assertRaisesRegex(ImportFailure, "m: @f: " + part):
                model.check(imported, "m")

    def test_types(self):
        with self.assertRaisesRegex(ImportFailure, "tensor 'a': expected .* found ui8"):
            Tensor("a", "ui8", ())
        with self.assertRaisesRegex(ImportFailure, "tensor 'a': expected .* found uint32"):
            model.framework_type("a", "uint32")
        self.assertEqual(model.framework_type("a", "torch.bfloat16"), "bf16")

    def test_safetensors(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "w.safetensors")
            a = Tensor("a", "i1", (3,), lambda: b"\1\0\1")
            model.write_safetensors(path, [a, Tensor("b", "f32", (), lambda: b"\0\0\x80\x3f")])
            with open(path, "rb") as file:
                data = file.read()
            self.assertEqual(data[8:].split(b"}}")[0], b'{"a":{"dtype":"BOOL","shape":[3],'
                             b'"data_offsets":[0,3]},"b":{"dtype":"F32","shape":[],'
                             b'"data_offsets":[3,7]')
            self.assertEqual(data[-7:], b"\1\0\1\0\0\x80\x3f")
            self.assertEqual(int.from_bytes(data[:8], "little") % 8, 0)
            with self.assertRaisesRegex(ImportFailure, "two tensors are named 'a'"):
                model.write_safetensors(path, [a, a])
            with self.assertRaisesRegex(ImportFailure, "tensor 'a': expected 3 bytes, found 1"):
                model.write_safetensors(path, [Tensor("a", "i1", (3,), lambda: b"\1")])


class Factories(unittest.TestCase):
    def test_load(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "factory_test.py")
            with open(path, "w") as file:
                file.write("value = 3\ndef make():\n    return 1, 2\n")
            self.assertEqual(wheels.call_factory(path + ":make", (2,), "two"), (1, 2))
            for text, part in [
                    ("make", "expected MODULE:FACTORY, found 'make'"),
                    (path + ".py:make", "factory_test.py.py: no such file"),
                    ("no_such_module_here:make", "module 'no_such_module_here': No module"),
                    (path + ":other", "expected a function 'other', found none"),
                    (path + ":value", "expected a function 'value', found int")]:
                with self.assertRaisesRegex(ImportFailure, part):
                    wheels.load_factory(text)
            with self.assertRaisesRegex(ImportFailure, "make: expected three, found 2 values"):
                wheels.call_factory(path + ":make", (3,), "three")
            with self.assertRaisesRegex(ImportFailure, "expected two, found dict"):
                wheels.call_factory("builtins:dict", (2,), "two")

    def test_programs(self):
        with self.assertRaisesRegex(ImportFailure, "^sh: second error$"):
            wheels.run(["/bin/sh", "-c", "echo first >&2; echo 'second error' >&2; exit 1"])
        path, executable = os.environ["PATH"], sys.executable
        try:
            os.environ["PATH"], sys.executable = "/nowhere", "/nowhere/python"
            with self.assertRaisesRegex(ImportFailure, "torch-mlir-opt: not found"):
                wheels.torch_mlir_opt("", "cse")
        finally:
            os.environ["PATH"], sys.executable = path, executable


unittest.main()
