#include "test/chaos/proxy/request_frames.h"

#include <gtest/gtest.h>

namespace baton::chaos {
namespace {

const std::string kPost = "POST /a HTTP/1.1\r\ncontent-LENGTH: 3\r\n\r\nabc";
const std::string kGet = "GET /b HTTP/1.1\r\nHost: x\r\n\r\n";

std::vector<std::string> Requests(const std::vector<RequestFrames::Unit>& units) {
  std::vector<std::string> requests;
  for (const auto& unit : units) requests.push_back((unit.is_request ? "" : "raw: ") + unit.bytes);
  return requests;
}

TEST(RequestFramesTest, WhereverTheBytesAreCut) {
  const std::string all = kPost + kGet + kPost;
  for (size_t cut = 0; cut <= all.size(); ++cut) {
    RequestFrames frames;
    auto units = Requests(frames.Take(all.substr(0, cut)));
    for (const std::string& request : Requests(frames.Take(all.substr(cut)))) {
      units.push_back(request);
    }
    EXPECT_EQ(units, (std::vector<std::string>{kPost, kGet, kPost})) << cut;
  }
}

TEST(RequestFramesTest, WhatItDoesNotKnowIsHandedOnAndAllAfterIt) {
  for (const std::string& odd :
       {std::string("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n"), std::string(70'000, 'x')}) {
    RequestFrames frames;
    EXPECT_EQ(Requests(frames.Take(odd)), std::vector<std::string>{"raw: " + odd});
    EXPECT_EQ(Requests(frames.Take(kGet)), std::vector<std::string>{"raw: " + kGet});
  }
}

TEST(RequestFramesTest, UpToItsBoundARequestIsGathered) {
  const auto head = [](size_t bytes) {
    return "POST / HTTP/1.1\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n";
  };
  RequestFrames at_limit;
  EXPECT_TRUE(at_limit.Take(head(RequestFrames::kRequestBytesMax)).empty());
  const auto units = at_limit.Take(std::string(RequestFrames::kRequestBytesMax, 'x'));
  ASSERT_EQ(units.size(), 1u);
  EXPECT_TRUE(units[0].is_request);
  for (const size_t bytes : {RequestFrames::kRequestBytesMax + 1, size_t{1} << 40}) {
    RequestFrames beyond;
    EXPECT_EQ(beyond.Take(head(bytes)).size(), 1u);
  }
}

}  // namespace
}  // namespace baton::chaos
