#include "test/tidy/code_text.h"

#include <gtest/gtest.h>

namespace baton::tidy {
namespace {

TEST(WithoutCommentsTest, BlanksCommentsAndKeepsPlaces) {
  EXPECT_EQ(WithoutComments("int a;  // b\nint c;\n"), "int a;      \nint c;\n");
  EXPECT_EQ(WithoutComments("a /* b\n c */ d"), "a     \n      d");
  EXPECT_EQ(WithoutComments("a /* b"), "a     ");
}

TEST(WithoutCommentsTest, ACommentInALiteralIsNone) {
  EXPECT_EQ(WithoutComments("F(\"a // b\");"), "F(\"a // b\");");
  EXPECT_EQ(WithoutComments("F(\"\\\"// b\");  // c"), "F(\"\\\"// b\");      ");
  EXPECT_EQ(WithoutComments("F('\"');  // c"), "F('\"');      ");
}

TEST(WithoutCommentsTest, ALiteralInACommentIsNone) {
  EXPECT_EQ(WithoutComments("// don't\nint a;  // b"), "        \nint a;      ");
  EXPECT_EQ(WithoutComments("/* \" */ a  // b"), "        a      ");
}

TEST(CodeOnlyTest, BlanksTheInsidesOfLiterals) {
  EXPECT_EQ(CodeOnly("F(\"a{\", '}');"), "F(\"  \", ' ');");
  EXPECT_EQ(CodeOnly("F(\"\", \"\");"), "F(\"\", \"\");");
  EXPECT_EQ(CodeOnly("F(\"a\\\\\");  // b"), "F(\"   \");      ");
}

TEST(CodeOnlyTest, KnowsRawLiterals) {
  EXPECT_EQ(CodeOnly("F(R\"(a \" // b)\", c);"), "F(R\"          \", c);");
  EXPECT_EQ(CodeOnly("F(R\"x(a)\" )x\", c);"), "F(R\"        \", c);");
  EXPECT_EQ(CodeOnly("MR\"a\" // b"), "MR\" \"     ");
}

TEST(CodeOnlyTest, ADigitSeparatorOpensNoLiteral) {
  EXPECT_EQ(CodeOnly("int a = 30'000;  // b"), "int a = 30'000;      ");
  EXPECT_EQ(CodeOnly("x = 0xFF'FFu; F('a', L'b');"), "x = 0xFF'FFu; F(' ', L' ');");
}

TEST(CodeWithoutDirectivesTest, BlanksDirectivesAndTheirContinuations) {
  EXPECT_EQ(CodeWithoutDirectives("#if { \\\n  {\nint b;\n  #if\nd"),
            "       \n   \nint b;\n     \nd");
}

}  // namespace
}  // namespace baton::tidy
