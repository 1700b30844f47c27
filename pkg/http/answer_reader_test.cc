#include "pkg/http/answer_reader.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace baton::http {
namespace {

using Outcome = AnswerReader::Outcome;

constexpr char kGood[] =
    "HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n"
    "HTTP/1.1 403 Forbidden\r\ncontent-LENGTH: \t5 \r\n\r\nno\r\n!"
    "HTTP/1.0 200\r\nContent-Length: 0\r\n\r\n";

// The statuses and bodies, and "malformed" in the end if it comes to that.
std::vector<std::string> ReadAll(const std::string& bytes, size_t piece_bytes) {
  AnswerReader reader;
  std::vector<std::string> read;
  for (size_t at = 0; at < bytes.size(); at += piece_bytes) {
    std::string_view piece = std::string_view(bytes).substr(at, piece_bytes);
    while (!piece.empty()) {
      PeerAnswer answer;
      const Outcome outcome = reader.Next(&piece, &answer);
      EXPECT_TRUE(outcome != Outcome::kMore || piece.empty());
      if (outcome == Outcome::kAnswer) {
        read.push_back(std::to_string(answer.status) + " " + answer.body);
      }
      if (outcome == Outcome::kMalformed) {
        read.push_back("malformed");
        return read;
      }
    }
  }
  return read;
}

TEST(AnswerReaderTest, AnyPiecesGiveTheSameAnswers) {
  const std::vector<std::string> expected = {"204 ", "403 no\r\n!", "200 "};
  for (size_t piece_bytes = 1; piece_bytes <= sizeof(kGood); ++piece_bytes) {
    EXPECT_EQ(ReadAll(kGood, piece_bytes), expected) << piece_bytes;
  }
}

TEST(AnswerReaderTest, WhoTakesCborSaysSo) {
  const std::map<std::string, bool> fields = {{"", false},
                                              {"Accept: application/cbor\r\n", true},
                                              {"accept:application/cbor \r\n", true},
                                              {"Accept: application/json\r\n", false},
                                              {"X-Accept: application/cbor\r\n", false}};
  AnswerReader reader;
  for (const auto& [field, takes] : fields) {
    const std::string text = "HTTP/1.1 204 No Content\r\n" + field + "\r\n";
    std::string_view bytes = text;
    PeerAnswer answer;
    ASSERT_EQ(reader.Next(&bytes, &answer), Outcome::kAnswer) << field;
    EXPECT_EQ(answer.takes_cbor, takes) << field;
  }
}

TEST(AnswerReaderTest, WhatIsNoAnswer) {
  const std::vector<std::string> wrong = {
      "SSH-2.0-OpenSSH\r\n",
      "HTTP/2 204\r\n\r\n",
      "HTTP/1.1 204",
      "HTTP/1.1 20\r\n\r\n",
      "HTTP/1.1 2x4 No\r\n\r\n",
      "HTTP/1.1 -04 No\r\n\r\n",
      "HTTP/1.1 2040\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 204 No\n\n",
      "HTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno field\r\n",
      "HTTP/1.1 200 OK\r\n: 5\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
  };
  for (const std::string& text : wrong) {
    const std::vector<std::string> read = ReadAll(text, text.size());
    // One that is not complete is not wrong yet.
    const bool incomplete = text == "HTTP/1.1 204";
    EXPECT_EQ(read, incomplete ? std::vector<std::string>() : std::vector<std::string>{"malformed"})
        << text;
    EXPECT_EQ(ReadAll(text, 1), read) << text;
  }
}

TEST(AnswerReaderTest, Bounds) {
  const auto first = [](const std::string& text) { return ReadAll(text, 1000).at(0); };
  const auto with_line = [](size_t bytes) {
    return "HTTP/1.1 204\r\nX:" + std::string(bytes - 4, 'x') + "\r\n\r\n";
  };
  EXPECT_EQ(first(with_line(kAnswerLineBytesMax)), "204 ");
  EXPECT_EQ(first(with_line(kAnswerLineBytesMax + 1)), "malformed");
  EXPECT_EQ(first(with_line(100 * kAnswerLineBytesMax)), "malformed");

  const auto with_lines = [](size_t count) {
    std::string text = "HTTP/1.1 204\r\n";
    for (size_t i = 2; i < count; ++i) text += "X: x\r\n";
    return text + "\r\n";
  };
  EXPECT_EQ(first(with_lines(kAnswerLinesMax)), "204 ");
  EXPECT_EQ(first(with_lines(kAnswerLinesMax + 1)), "malformed");
  EXPECT_EQ(first(with_lines(1000 * kAnswerLinesMax)), "malformed");

  const auto with_body = [](size_t bytes) {
    return "HTTP/1.1 503\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
           std::string(bytes, 'b');
  };
  const std::string kept = "503 " + std::string(kAnswerBodyBytesKept, 'b');
  EXPECT_EQ(first(with_body(kAnswerBodyBytesKept)), kept);
  EXPECT_EQ(first(with_body(kAnswerBodyBytesKept + 1)), kept);
  EXPECT_EQ(first(with_body(kAnswerBodyBytesMax)), kept);
  EXPECT_EQ(first(with_body(kAnswerBodyBytesMax + 1)), "malformed");
}

}  // namespace
}  // namespace baton::http
