#include "pkg/http/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/test_server.h"

namespace baton::http {
namespace {

std::string Url(uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

std::unique_ptr<Client> MakeClient(uint16_t port, const ClientOptions& options = {}) {
  auto client = Client::Create(Url(port), options);
  CHECK(client.ok()) << client.status().ToString();
  return *std::move(client);
}

ClientRequest To(const std::string& method, const std::string& target, std::string body = "") {
  ClientRequest request;
  request.method = method;
  request.target = target;
  request.body = std::move(body);
  return request;
}

Router SomeRoutes() {
  Router router;
  const auto echo = [](std::shared_ptr<Exchange> exchange) {
    const Request& request = exchange->request();
    Response response = Response::Text(
        200, request.method + " " + request.captures.at("rest") + " " + request.body);
    if (const std::string* header = request.Header("x-sent")) {
      response.headers.emplace_back("X-Seen", *header);
    }
    exchange->Respond(std::move(response));
  };
  for (const char* method : {"GET", "PUT", "POST", "DELETE"}) {
    router.Handle(method, "/echo/{rest...}", echo);
  }
  router.Handle("GET", "/moved", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond({307, {{"Location", "http://127.0.0.1:1/"}}, ""});
  });
  router.Handle("GET", "/large", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, std::string(100'000, 'x')));
  });
  router.Handle("GET", "/pieces", [](std::shared_ptr<Exchange> exchange) {
    const auto stream = exchange->StartStream(Response::Text(200, "one,"));
    stream->Write("two,");
    stream->Write("three");
    stream->Close();
  });
  router.Handle("GET", "/endless", [](std::shared_ptr<Exchange> exchange) {
    auto stream = exchange->StartStream(Response::Text(200, "first"));
    exchange->OnClientGone([stream] { stream->Close(); });
  });
  router.Handle("GET", "/wait", [](std::shared_ptr<Exchange> exchange) {
    exchange->OnClientGone([exchange] { exchange->Respond(Response::Text(200, "")); });
  });
  router.Handle("GET", "/cut", [](std::shared_ptr<Exchange> exchange) {
    exchange->StartStream(Response::Text(200, "some"));
  });
  return router;
}

TEST(Client, TakesOnlyPlainUrls) {
  for (const char* url : {"http://localhost:7400", "http://127.0.0.1:1", "http://[::1]:65535",
                          "http://a-b.c_d.svc:7400"}) {
    EXPECT_TRUE(Client::Create(url, {}).ok()) << url;
  }
  for (const char* url :
       {"", "localhost:7400", "https://a:1", "http://a", "http://a:", "http://:1", "http://a:0",
        "http://a:65536", "http://a:1/", "http://a:x", "http://u@a:1", "http://a b:1",
        "http://a:1\r\n", "http://a/b:1", "http://::1:80", "http://a:+1"}) {
    EXPECT_EQ(Client::Create(url, {}).status().code(), Code::kInvalidArgument) << url;
  }
}

TEST(Client, SendsAndReceives) {
  TestServer server(SomeRoutes());
  const auto client = MakeClient(server.port());
  for (const char* method : {"GET", "PUT", "POST", "DELETE"}) {
    ClientRequest request = To(method, "/echo/a%2Fb%20c?d=e", "the body");
    request.headers["X-Sent"] = "yes";
    const auto response = client->Send(request);
    ASSERT_TRUE(response.ok()) << response.status().ToString();
    EXPECT_EQ((*response).status, 200);
    EXPECT_EQ((*response).body, std::string(method) + " a/b c the body");
    EXPECT_EQ((*response).headers.find("x-seen")->second, "yes");
  }
}

TEST(Client, KeepsItsConnection) {
  TestServer server(SomeRoutes());
  const auto client = MakeClient(server.port());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client->Send(To("GET", "/echo/a")).ok());
  EXPECT_EQ(server->Stats().connections_open, 1u);
}

TEST(Client, AnyStatusIsAResult) {
  TestServer server(SomeRoutes());
  const auto client = MakeClient(server.port());
  EXPECT_EQ((*client->Send(To("GET", "/nothing"))).status, 404);
  EXPECT_EQ((*client->Send(To("POST", "/large"))).status, 405);
}

TEST(Client, DoesNotFollowRedirects) {
  TestServer server(SomeRoutes());
  const auto client = MakeClient(server.port());
  const auto response = client->Send(To("GET", "/moved"));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ((*response).status, 307);
  EXPECT_EQ((*response).headers.find("location")->second, "http://127.0.0.1:1/");
}

TEST(Client, HeadHasNoBody) {
  TestServer server(SomeRoutes());
  const auto client = MakeClient(server.port());
  const auto response = client->Send(To("HEAD", "/large"));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ((*response).body, "");
  EXPECT_EQ((*response).headers.find("content-length")->second, "100000");
  EXPECT_TRUE(client->Send(To("GET", "/echo/a")).ok());
}

TEST(Client, RefusesToSendWhatIsNotOneLine) {
  TestServer server(SomeRoutes());
  const auto client = MakeClient(server.port());
  std::vector<ClientRequest> wrong = {To("GET X", "/"),        To("", "/"),    To("GET", "/a b"),
                                      To("GET", "/a\r\nB: c"), To("GET", "a"), To("GET", ""),
                                      To("GET", "/\xc3\xa4")};
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"A", "b\r\nC: d"}, {"A\r\nB", "c"}, {"", "c"}, {"A B", "c"}}) {
    wrong.push_back(To("GET", "/"));
    wrong.back().headers[name] = value;
  }
  for (const ClientRequest& request : wrong) {
    const auto response = client->Send(request);
    ASSERT_FALSE(response.ok()) << request.method << " " << request.target;
    EXPECT_EQ(response.status().code(), Code::kInvalidArgument);
    EXPECT_EQ(response.status().outcome(), Outcome::kNotApplied);
  }
  EXPECT_TRUE(server->Stats().requests.empty());
}

TEST(Client, BoundsWhatItHandsBack) {
  TestServer server(SomeRoutes());
  ClientOptions options;
  options.response_bytes_max = 100'000;
  EXPECT_TRUE(MakeClient(server.port(), options)->Send(To("GET", "/large")).ok());
  options.response_bytes_max = 99'999;
  const auto client = MakeClient(server.port(), options);
  const auto response = client->Send(To("GET", "/large"));
  EXPECT_EQ(response.status().code(), Code::kTooLarge);
  EXPECT_EQ(response.status().outcome(), Outcome::kUnknown);
  EXPECT_TRUE(client->Send(To("GET", "/echo/a")).ok());
}

TEST(Client, NobodyThereMeansNotApplied) {
  uint16_t port = 0;
  { port = TestServer(SomeRoutes()).port(); }
  const auto response = MakeClient(port)->Send(To("POST", "/echo/a", "x"));
  EXPECT_EQ(response.status().code(), Code::kUnavailable);
  EXPECT_EQ(response.status().reason(), "cannot_connect");
  EXPECT_EQ(response.status().outcome(), Outcome::kNotApplied);
}

TEST(Client, ConnectsAnewWhenTheServerComesBack) {
  auto server = std::make_unique<TestServer>(SomeRoutes());
  const uint16_t port = server->port();
  const auto client = MakeClient(port);
  EXPECT_TRUE(client->Send(To("GET", "/echo/a")).ok());
  server.reset();
  EXPECT_FALSE(client->Send(To("GET", "/echo/a")).ok());
  server = std::make_unique<TestServer>(SomeRoutes(),
                                        [port](ListenOptions* options) { options->port = port; });
  EXPECT_TRUE(client->Send(To("GET", "/echo/a")).ok());
}

// Takes one connection, reads what comes first, answers with `bytes` and closes it.
class OneAnswer {
 public:
  explicit OneAnswer(std::string bytes) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(listen(listener_, 1) == 0);
    CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, bytes = std::move(bytes)] {
      const int descriptor = accept(listener_, nullptr, nullptr);
      char buffer[4096];
      CHECK(recv(descriptor, buffer, sizeof(buffer), 0) > 0);
      const ssize_t sent = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      CHECK_EQ(sent, static_cast<ssize_t>(bytes.size()));
      close(descriptor);
    });
  }
  ~OneAnswer() {
    thread_.join();
    close(listener_);
  }
  uint16_t port() const { return port_; }

 private:
  int listener_ = -1;
  uint16_t port_ = 0;
  std::thread thread_;
};

TEST(Client, ABrokenConnectionMeansUnknown) {
  for (const char* answer : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
                             "not http at all\r\n\r\n"}) {
    OneAnswer server(answer);
    const auto response = MakeClient(server.port())->Send(To("POST", "/", "x"));
    ASSERT_FALSE(response.ok()) << answer;
    EXPECT_EQ(response.status().code(), Code::kUnavailable) << answer;
    EXPECT_EQ(response.status().outcome(), Outcome::kUnknown) << answer;
  }
}

// The signal would end the process: this test, and any program that has not chosen to ignore it.
TEST(Client, WritingToABrokenConnectionIsNoSignal) {
  for (int i = 0; i < 20; ++i) {
    OneAnswer server("");
    const auto client = MakeClient(server.port());
    const auto before = std::signal(SIGPIPE, SIG_DFL);
    const auto response = client->Send(To("POST", "/", std::string(8 << 20, 'x')));
    std::signal(SIGPIPE, before);
    EXPECT_EQ(response.status().code(), Code::kUnavailable);
  }
}

TEST(Client, DoesNotInflate) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc");
  const auto response = MakeClient(server.port())->Send(To("GET", "/"));
  ASSERT_TRUE(response.ok()) << response.status().ToString();
  EXPECT_EQ((*response).body, "abc");
}

TEST(Client, SilenceIsADeadline) {
  TestServer server(SomeRoutes());
  ClientOptions options;
  options.request_timeout_ms = 50;
  const auto response = MakeClient(server.port(), options)->Send(To("GET", "/wait"));
  EXPECT_EQ(response.status().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(response.status().outcome(), Outcome::kUnknown);
}

TEST(Client, StreamsPieces) {
  TestServer server(SomeRoutes());
  const auto client = MakeClient(server.port());
  std::string got;
  const auto response = client->Stream(To("GET", "/pieces"), [&](std::string_view piece) {
    got += piece;
    return true;
  });
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(got, "one,two,three");
  EXPECT_EQ((*response).body, "");
  EXPECT_EQ((*response).headers.count("content-type"), 1u);
}

TEST(Client, AStreamEndsWhenTheCallerWants) {
  TestServer server(SomeRoutes());
  const auto client = MakeClient(server.port());
  std::string got;
  const auto response = client->Stream(To("GET", "/endless"), [&](std::string_view piece) {
    got += piece;
    return false;
  });
  ASSERT_TRUE(response.ok());
  EXPECT_EQ((*response).status, 200);
  EXPECT_EQ(got, "first");
  EXPECT_TRUE(Eventually([&] { return server->Stats().streams_open == 0; }));
  EXPECT_TRUE(client->Send(To("GET", "/echo/a")).ok());
}

TEST(Client, AStreamThatIsCutIsAnError) {
  TestServer server(SomeRoutes());
  const auto response =
      MakeClient(server.port())->Stream(To("GET", "/cut"), [](std::string_view) { return true; });
  EXPECT_EQ(response.status().code(), Code::kUnavailable);
}

TEST(Client, TheBodyOfARefusedStreamIsHandedBack) {
  TestServer server(SomeRoutes());
  const auto response = MakeClient(server.port())->Stream(To("GET", "/no"), [](std::string_view) {
    ADD_FAILURE();
    return true;
  });
  ASSERT_TRUE(response.ok());
  EXPECT_EQ((*response).status, 404);
  EXPECT_NE((*response).body.find("nothing at this path"), std::string::npos);
}

TEST(Client, AbortBreaksACallAndEveryLaterOne) {
  TestServer server(SomeRoutes());
  const auto client = MakeClient(server.port());
  auto call = std::async(std::launch::async, [&] { return client->Send(To("GET", "/wait")); });
  EXPECT_TRUE(Eventually([&] { return server->Stats().requests_in_flight == 1; }));
  client->Abort();
  const auto response = call.get();
  EXPECT_EQ(response.status().code(), Code::kUnavailable);
  EXPECT_EQ(response.status().reason(), "aborted");
  EXPECT_EQ(client->Send(To("GET", "/echo/a")).status().reason(), "aborted");
}

TEST(Client, AbortBetweenCallsHoldsToo) {
  TestServer server(SomeRoutes());
  const auto client = MakeClient(server.port());
  EXPECT_TRUE(client->Send(To("GET", "/echo/a")).ok());
  client->Abort();
  EXPECT_EQ(client->Send(To("GET", "/echo/a")).status().reason(), "aborted");
}

TEST(Client, AbortEndsAStream) {
  TestServer server(SomeRoutes());
  const auto client = MakeClient(server.port());
  std::promise<void> first;
  auto call = std::async(std::launch::async, [&] {
    return client->Stream(To("GET", "/endless"), [&](std::string_view) {
      first.set_value();
      return true;
    });
  });
  first.get_future().wait();
  client->Abort();
  EXPECT_EQ(call.get().status().reason(), "aborted");
}

}  // namespace
}  // namespace baton::http
