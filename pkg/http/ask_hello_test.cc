// Hellos to real listeners on loopback.
#include "pkg/http/ask_hello.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "pkg/http/hello.h"
#include "pkg/http/testing/no_threads.h"
#include "pkg/http/testing/test_server.h"

namespace baton::http {
namespace {

node::Hello HelloOf(uint64_t id) {
  node::Hello hello;
  hello.id = NodeId(id);
  hello.cluster_name = "baton";
  return hello;
}

class AskHelloTest : public ::testing::Test {
 protected:
  static Router Answering(uint64_t id) {
    Router router;
    router.Handle("POST", kHelloTarget, [id](std::shared_ptr<Exchange> exchange) {
      Response response;
      response.status = 200;
      response.body = EncodeHello(HelloOf(id));
      exchange->Respond(std::move(response));
    });
    return router;
  }
  static std::string AddressOf(TestServer& server) {
    return "127.0.0.1:" + std::to_string(server->port());
  }
  void ExpectAnswers() {
    const auto answers =
        AskHello({{"a", AddressOf(first_)}, {"b", AddressOf(second_)}, {"nobody", "127.0.0.1:1"}},
                 HelloOf(1));
    ASSERT_EQ(answers.size(), 3u);
    EXPECT_EQ(answers.at("a"), HelloOf(2));
    EXPECT_EQ(answers.at("b"), HelloOf(3));
    EXPECT_EQ(answers.at("nobody"), std::nullopt);
  }

  TestServer first_{Answering(2)};
  TestServer second_{Answering(3)};
};

TEST_F(AskHelloTest, AllAreAsked) { ExpectAnswers(); }

TEST_F(AskHelloTest, AllAreAskedWhereTheSystemHasNoThreads) {
  const NoThreads none;
  ExpectAnswers();
}

}  // namespace
}  // namespace baton::http
