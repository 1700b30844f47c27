#include "pkg/load/answer_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace baton::load {
namespace {

using State = AnswerReader::State;

State FeedWhole(AnswerReader* reader, std::string_view bytes, size_t* used) {
  reader->Begin();
  return reader->Feed(bytes, used);
}

// Fed whole, and byte by byte, with the same result.
struct Read {
  State state = State::kMore;
  int status = 0;
  bool keep_alive = false;
  std::string body;
  size_t used = 0;
};

Read ReadBothWays(const std::string& bytes) {
  AnswerReader whole;
  size_t used = 0;
  Read result;
  result.state = FeedWhole(&whole, bytes, &used);
  result.status = whole.status();
  result.keep_alive = whole.keep_alive();
  result.body = whole.body();
  result.used = used;

  AnswerReader reader;
  reader.Begin();
  State state = State::kMore;
  size_t fed = 0;
  while (state == State::kMore && fed < bytes.size()) {
    size_t one = 0;
    state = reader.Feed(std::string_view(bytes).substr(fed, 1), &one);
    fed += one;
    if (state == State::kMalformed) break;
  }
  EXPECT_EQ(state, result.state) << bytes;
  if (state == State::kDone) {
    EXPECT_EQ(reader.status(), result.status);
    EXPECT_EQ(reader.body(), result.body);
    EXPECT_EQ(fed, result.used);
  }
  return result;
}

TEST(AnswerReaderTest, ALength) {
  const Read read = ReadBothWays("HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 3\r\n\r\nabcrest");
  EXPECT_EQ(read.state, State::kDone);
  EXPECT_EQ(read.status, 200);
  EXPECT_TRUE(read.keep_alive);
  EXPECT_EQ(read.body, "abc");
  EXPECT_EQ(read.used,
            std::string("HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 3\r\n\r\nabc").size());
}

TEST(AnswerReaderTest, NoBody) {
  EXPECT_EQ(ReadBothWays("HTTP/1.1 204 No Content\r\n\r\n").state, State::kDone);
  EXPECT_EQ(ReadBothWays("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n").state, State::kDone);
  EXPECT_EQ(ReadBothWays("HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n").state, State::kDone);
}

TEST(AnswerReaderTest, Chunks) {
  const Read read = ReadBothWays(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n");
  EXPECT_EQ(read.state, State::kDone);
  EXPECT_EQ(read.body, "abc0123456789");
}

TEST(AnswerReaderTest, WhetherTheConnectionStays) {
  EXPECT_FALSE(
      ReadBothWays("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").keep_alive);
  EXPECT_FALSE(ReadBothWays("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
  EXPECT_TRUE(ReadBothWays("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n")
                  .keep_alive);
}

TEST(AnswerReaderTest, Malformed) {
  for (const std::string bytes :
       {"HTTP/2 200\r\n\r\n", "XTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"}) {
    EXPECT_EQ(ReadBothWays(bytes).state, State::kMalformed) << bytes;
  }
}

TEST(AnswerReaderTest, CutAnywhereItWaitsForMore) {
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
  AnswerReader reader;
  for (size_t end = 0; end < bytes.size(); ++end) {
    size_t used = 0;
    EXPECT_EQ(FeedWhole(&reader, bytes.substr(0, end), &used), State::kMore) << end;
    EXPECT_EQ(used, end);
  }
}

TEST(AnswerReaderTest, AHeadIsBounded) {
  const std::string start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ";
  const auto head = [&](size_t size) { return start + std::string(size - start.size(), 'x'); };
  AnswerReader reader;
  size_t used = 0;
  EXPECT_EQ(ReadBothWays(head(AnswerReader::kHeadMax) + "\r\n\r\n").state, State::kDone);
  EXPECT_EQ(ReadBothWays(head(AnswerReader::kHeadMax + 1) + "\r\n\r\n").state, State::kMalformed);
  EXPECT_EQ(FeedWhole(&reader, std::string(64 * AnswerReader::kHeadMax, 'x'), &used),
            State::kMalformed);
}

TEST(AnswerReaderTest, OfABodySoMuchIsKept) {
  for (const size_t size :
       {AnswerReader::kBodyKeptMax, AnswerReader::kBodyKeptMax + 1, size_t{1} << 20}) {
    AnswerReader reader;
    size_t used = 0;
    const std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) +
                              "\r\n\r\n" + std::string(size, 'x');
    EXPECT_EQ(FeedWhole(&reader, bytes, &used), State::kDone);
    EXPECT_EQ(used, bytes.size());
    EXPECT_EQ(reader.body().size(), AnswerReader::kBodyKeptMax);
  }
}

TEST(AnswerReaderTest, ALineBetweenChunksIsBounded) {
  AnswerReader reader;
  size_t used = 0;
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(FeedWhole(&reader, head + "1;" + std::string(1022, 'x'), &used), State::kMore);
  EXPECT_EQ(FeedWhole(&reader, head + "1;" + std::string(1023, 'x'), &used), State::kMalformed);
  EXPECT_EQ(FeedWhole(&reader, head + "1;" + std::string(1 << 20, 'x'), &used), State::kMalformed);
}

TEST(AnswerReaderTest, ASinkGetsTheBody) {
  struct Sink : BodySink {
    void OnBody(std::string_view piece) override { all += piece; }
    std::string all;
  } sink;
  AnswerReader reader;
  reader.Begin(&sink);
  size_t used = 0;
  EXPECT_EQ(
      reader.Feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc", &used),
      State::kMore);
  EXPECT_TRUE(reader.head_done());
  EXPECT_EQ(sink.all, "abc");
  EXPECT_EQ(reader.body(), "");
}

}  // namespace
}  // namespace baton::load
