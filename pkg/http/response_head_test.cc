#include "pkg/http/response_head.h"

#include <gtest/gtest.h>

#include "pkg/http/output_queue.h"

namespace baton::http {
namespace {

std::string Head(const Response& response, HeadOptions options = {}) {
  options.date = "now";
  return SerializeHead(response, options);
}

TEST(ResponseHead, GivesTheLength) {
  EXPECT_EQ(Head(Response::Json(200, "{}")),
            "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\n\r\n");
}

TEST(ResponseHead, SaysHowItEnds) {
  HeadOptions options;
  options.framing = BodyFraming::kChunked;
  EXPECT_EQ(Head({200, {}, ""}, options),
            "HTTP/1.1 200 OK\r\nDate: now\r\nTransfer-Encoding: chunked\r\n\r\n");
  options.framing = BodyFraming::kUntilClose;
  options.keep_alive = false;
  EXPECT_EQ(Head({200, {}, ""}, options),
            "HTTP/1.1 200 OK\r\nDate: now\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, AnswersKeepAliveInOldWords) {
  HeadOptions options;
  options.version_minor = 0;
  EXPECT_NE(Head({200, {}, ""}, options).find("Connection: keep-alive\r\n"), std::string::npos);
}

// The room for all that is made here is a constant.
TEST(ResponseHead, TheLongestLinesFit) {
  HeadOptions options;
  options.keep_alive = false;
  for (int status = 200; status <= 599; ++status) {
    for (const BodyFraming framing : {BodyFraming::kLength, BodyFraming::kChunked}) {
      options.framing = framing;
      options.room_bytes = static_cast<size_t>(status);
      const std::string head =
          Head({status, {{"A", std::string(10'000, 'b')}, {"C", ""}}, "x"}, options);
      EXPECT_TRUE(head.ends_with("Connection: close\r\n\r\n"));
      EXPECT_EQ(head.find('\0'), std::string::npos);
      EXPECT_LT(head.size(), 10'000u + 200u);
    }
  }
}

TEST(ResponseHead, SomeStatusesHaveNoBody) {
  for (const int status : {204, 304}) {
    EXPECT_FALSE(StatusHasBody(status));
    EXPECT_EQ(Head({status, {}, "x"}).find("Content-Length"), std::string::npos) << status;
  }
  EXPECT_TRUE(StatusHasBody(200));
}

TEST(ResponseHead, EveryStatusHasAPhrase) {
  EXPECT_EQ(ReasonPhrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(ReasonPhrase(299), "Other");
}

TEST(ResponseHeadDeathTest, NoHeaderCanAddALine) {
  const auto with = [](const std::string& name, const std::string& value) {
    return Response{200, {{name, value}}, ""};
  };
  EXPECT_DEATH(Head(with("A", "b\r\nC: d")), "CR, LF or NUL");
  EXPECT_DEATH(Head(with("A", "b\nC: d")), "CR, LF or NUL");
  EXPECT_DEATH(Head(with("A", std::string("b\0c", 3))), "CR, LF or NUL");
  EXPECT_DEATH(Head(with("A\r\nB", "c")), "not a token");
  EXPECT_DEATH(Head(with("", "c")), "not a token");
  EXPECT_DEATH(Head(with("content-length", "5")), "not a handler's");
  EXPECT_DEATH(Head(with("Transfer-Encoding", "chunked")), "not a handler's");
  EXPECT_DEATH(Head({99, {}, ""}), "");
}

TEST(HttpDate, IsTheFormOfRfc9110) {
  EXPECT_EQ(HttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(HttpDate(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(OutputQueue, GivesItsBytesInOrderHoweverTaken) {
  for (size_t step = 1; step <= 30; ++step) {
    OutputQueue queue;
    std::string expected;
    for (int i = 0; i < 12; ++i) {
      const std::string text(static_cast<size_t>(i % 4), static_cast<char>('a' + i));
      queue.Add(i % 3 == 0 ? OutputPiece{"", std::make_shared<const std::string>(text)}
                           : OutputPiece{text, nullptr});
      expected += text;
    }
    EXPECT_EQ(queue.bytes(), expected.size());
    std::string sent;
    while (!queue.empty()) {
      std::array<std::string_view, kWritePiecesMax> front;
      const size_t count = queue.Front(&front);
      std::string offered;
      for (size_t i = 0; i < count; ++i) offered += front[i];
      const size_t taken = std::min(step, offered.size());
      sent += offered.substr(0, taken);
      queue.Drop(taken);
    }
    EXPECT_EQ(sent, expected) << step;
  }
}

}  // namespace
}  // namespace baton::http
