#include "test/tidy/function_lengths.h"

#include <gtest/gtest.h>

#include <string>

namespace baton::tidy {
namespace {

// "line:lines" of each function, with a space between.
std::string Of(std::string_view text) {
  std::string all;
  for (const FunctionLength& function : FunctionLengths(text)) {
    if (!all.empty()) all += " ";
    all += std::to_string(function.line) + ":" + std::to_string(function.lines);
  }
  return all;
}

TEST(FunctionLengthsTest, CountsFromSignatureToBrace) {
  EXPECT_EQ(Of("void F() {\n  x();\n}\n"), "1:3");
  EXPECT_EQ(Of("void F() {}\n\nint G(int a,\n      int b) {\n  return a;\n}\n"), "1:1 3:4");
}

TEST(FunctionLengthsTest, LooksIntoNamespacesAndClasses) {
  EXPECT_EQ(Of("namespace a {\nclass B : public C {\n public:\n  int D() const {\n    return 1;\n"
               "  }\n  int e_ = 0;\n};\n}\n"),
            "4:3");
  EXPECT_EQ(Of("extern \"C\" {\nvoid F() {\n}\n}\n"), "2:2");
}

TEST(FunctionLengthsTest, BlocksAndLambdasBelongToTheirFunction) {
  EXPECT_EQ(Of("void F() {\n  if (a) {\n    b([&] {\n      c();\n    });\n  }\n}\n"), "1:7");
  EXPECT_EQ(Of("void F(std::function<void()> f = [] { g(); }) {\n}\nvoid H() {\n}\n"), "1:2 3:2");
}

TEST(FunctionLengthsTest, ConstructorsAreFunctionsWhateverInitializesTheirMembers) {
  EXPECT_EQ(Of("A::A()\n    : b_{1},\n      c_(2) {\n  d();\n}\n"), "1:5");
  EXPECT_EQ(Of("A::A() : b_{1}, c_{2} {}\nvoid F() {\n}\n"), "1:1 2:2");
  EXPECT_EQ(Of("class A {\n public:\n  explicit A(int b) : b_(b), c_(D{}) {\n  }\n};\n"), "3:2");
}

TEST(FunctionLengthsTest, InitializersAreNoFunctions) {
  EXPECT_EQ(Of("const std::map<int, int> kA = {\n  {1, 2},\n};\n"), "");
  EXPECT_EQ(Of("auto f = [](int a) {\n  return a;\n};\n"), "");
  EXPECT_EQ(Of("struct A {\n  int b = F({1});\n  int c{2};\n};\n"), "");
  EXPECT_EQ(Of("enum class E {\n  kA,\n};\n"), "");
}

TEST(FunctionLengthsTest, OperatorsTemplatesAndDefaultsAreFunctions) {
  EXPECT_EQ(Of("A& operator=(const A& a) {\n}\n"), "1:2");
  EXPECT_EQ(Of("bool operator==(A a, A b) {\n}\n"), "1:2");
  EXPECT_EQ(Of("template <typename T = int>\nvoid F(int a = 1) {\n}\n"), "1:3");
}

TEST(FunctionLengthsTest, ABraceInALiteralOrADirectiveIsNone) {
  EXPECT_EQ(Of("void F() {\n  a(\"}\");\n  b('{');\n}\n"), "1:4");
  EXPECT_EQ(Of("#define A {\nvoid F() {\n}\n"), "2:2");
}

TEST(FunctionLengthsTest, WhatDoesNotCloseIsNotCounted) {
  EXPECT_EQ(Of("void F() {\n"), "");
  EXPECT_EQ(Of("}\nvoid F() {\n}\n"), "2:2");
}

}  // namespace
}  // namespace baton::tidy
