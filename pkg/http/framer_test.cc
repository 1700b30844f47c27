// The guard's rules: what passes, what does not, and that the cuts between reads never matter.
#include "pkg/http/framer.h"

#include <gtest/gtest.h>

#include "pkg/base/random.h"
#include "pkg/http/testing/malformed_requests.h"

namespace baton::http {
namespace {

// What came of all bytes, with enough detail to compare two ways of feeding them.
struct Outcome {
  std::vector<std::string> requests;  // rendered
  int error_status = 0;
  std::string error_reason;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::string Render(const FramedRequest& request) {
  std::string text = request.head.method + " " + request.head.target + " 1." +
                     std::to_string(request.head.version_minor) +
                     (request.keep_alive ? " keep" : " close");
  for (const auto& [name, value] : request.head.fields) text += " [" + name + "=" + value + "]";
  return text + " {" + request.body + "}";
}

// Feeds `bytes` in pieces that end at the given offsets (ascending), then the rest.
Outcome Frame(std::string_view bytes, const std::vector<size_t>& cuts = {},
              const Limits& limits = {}) {
  Framer framer(limits);
  Outcome outcome;
  size_t start = 0;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const size_t end = i < cuts.size() ? cuts[i] : bytes.size();
    std::string_view piece = bytes.substr(start, end - start);
    start = end;
    while (!piece.empty() && framer.phase() != Framer::Phase::kFailed) {
      piece.remove_prefix(framer.Consume(piece));
      if (framer.phase() == Framer::Phase::kComplete) {
        outcome.requests.push_back(Render(framer.TakeRequest()));
      }
    }
  }
  if (framer.phase() == Framer::Phase::kFailed) {
    outcome.error_status = framer.error().http_status;
    outcome.error_reason = framer.error().status.reason();
  }
  return outcome;
}

std::string Head(const std::string& headers, const std::string& line = "GET / HTTP/1.1") {
  return line + "\r\nHost: a\r\n" + headers + "\r\n";
}

struct Good {
  std::string bytes;
  std::vector<std::string> rendered;
};

std::vector<Good> GoodRequests() {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::string host = "[host=a]";
  return {
      {Head(""), {"GET / 1.1 keep " + host + " {}"}},
      {"\r\n" + Head(""), {"GET / 1.1 keep " + host + " {}"}},
      {Head("") + "\r\n" + Head(""),
       {"GET / 1.1 keep " + host + " {}", "GET / 1.1 keep " + host + " {}"}},
      {"GET / HTTP/1.0\r\n\r\n", {"GET / 1.0 close {}"}},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
       {"GET / 1.0 keep [connection=Keep-Alive] {}"}},
      {Head("Connection: close\r\n"), {"GET / 1.1 close " + host + " [connection=close] {}"}},
      {Head("Connection: x, Close ,y\r\n"),
       {"GET / 1.1 close " + host + " [connection=x, Close ,y] {}"}},
      {Head("Connection: upgrade\r\nUpgrade: h2c\r\n"),
       {"GET / 1.1 keep " + host + " [connection=upgrade] [upgrade=h2c] {}"}},
      {Head("X-A:  b \t\r\nX-EMPTY:\r\nx-high: \xff\r\nX-Tab: a\tb\r\n"),
       {"GET / 1.1 keep " + host + " [x-a=b] [x-empty=] [x-high=\xff] [x-tab=a\tb] {}"}},
      {Head("", "GET /a%2Fb?c=d?e&f=%0d%0a HTTP/1.1"),
       {"GET /a%2Fb?c=d?e&f=%0d%0a 1.1 keep " + host + " {}"}},
      {Head("Evil: a%0d%0ab\r\n"), {"GET / 1.1 keep " + host + " [evil=a%0d%0ab] {}"}},
      {post + "\r\n", {"POST / 1.1 keep " + host + " {}"}},
      {post + "Content-Length: 5\r\n\r\nhello",
       {"POST / 1.1 keep " + host + " [content-length=5] {hello}"}},
      {post + "Content-Length: 0005\r\n\r\nhello",
       {"POST / 1.1 keep " + host + " [content-length=0005] {hello}"}},
      {post + "Content-Length: 0\r\n\r\n" + Head(""),
       {"POST / 1.1 keep " + host + " [content-length=0] {}", "GET / 1.1 keep " + host + " {}"}},
      // A body that looks like a request is still a body: also of a GET.
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: " +
           std::to_string(std::string(kSmuggled).size()) + "\r\n\r\n" + kSmuggled,
       {"GET / 1.1 keep " + host + " [content-length=" +
        std::to_string(std::string(kSmuggled).size()) + "] {" + kSmuggled + "}"}},
      {post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       {"POST / 1.1 keep " + host + " [transfer-encoding=chunked] {}"}},
      {post + "Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n",
       {"POST / 1.1 keep " + host + " [transfer-encoding=CHUNKED] {abc0123456789}"}},
      {post + "Transfer-Encoding: chunked\r\n\r\n1;a=\"b\"\r\nx\r\n0;c\r\n\r\n" + Head(""),
       {"POST / 1.1 keep " + host + " [transfer-encoding=chunked] {x}",
        "GET / 1.1 keep " + host + " {}"}},
      {post + "Transfer-Encoding: chunked\r\n\r\n0000000000000002\r\n\r\n\r\n0\r\n\r\n",
       {"POST / 1.1 keep " + host + " [transfer-encoding=chunked] {\r\n}"}},
      {post + "Content-Encoding: identity\r\nContent-Length: 1\r\n\r\nx",
       {"POST / 1.1 keep " + host + " [content-encoding=identity] [content-length=1] {x}"}},
      {post + "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
       {"POST / 1.1 keep " + host + " [expect=100-Continue] [content-length=1] {x}"}},
      {"GET / HTTP/1.1\r\nHost: [::1]:7400\r\n\r\n", {"GET / 1.1 keep [host=[::1]:7400] {}"}},
      {"DELETE / HTTP/1.0\r\nExpect: whatever\r\n\r\n",
       {"DELETE / 1.0 close [expect=whatever] {}"}},
  };
}

TEST(Framer, PassesWellFormedRequests) {
  for (const Good& good : GoodRequests()) {
    const Outcome outcome = Frame(good.bytes);
    EXPECT_EQ(outcome.requests, good.rendered) << good.bytes;
    EXPECT_EQ(outcome.error_status, 0) << good.bytes;
  }
}

TEST(Framer, KnowsTheMethods) {
  for (const char* method : {"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"}) {
    EXPECT_EQ(Frame(Head("", std::string(method) + " / HTTP/1.1")).requests.size(), 1u) << method;
  }
}

TEST(Framer, CutsBetweenReadsDoNotMatter) {
  for (const Good& good : GoodRequests()) {
    const Outcome whole = Frame(good.bytes);
    std::vector<size_t> everywhere;
    for (size_t cut = 1; cut < good.bytes.size(); ++cut) {
      EXPECT_EQ(Frame(good.bytes, {cut}), whole) << good.bytes << " cut at " << cut;
      everywhere.push_back(cut);
    }
    EXPECT_EQ(Frame(good.bytes, everywhere), whole) << good.bytes;
  }
}

TEST(Framer, RefusesMalformedRequests) {
  EXPECT_GE(MalformedRequests().size(), 120u);
  for (const MalformedRequest& malformed : MalformedRequests()) {
    const Outcome outcome = Frame(malformed.bytes);
    EXPECT_EQ(outcome.error_status, malformed.status) << malformed.name;
    EXPECT_TRUE(outcome.requests.empty()) << malformed.name << ": " << outcome.requests[0];
  }
}

TEST(Framer, RefusesMalformedRequestsHoweverCut) {
  for (const MalformedRequest& malformed : MalformedRequests()) {
    const Outcome whole = Frame(malformed.bytes);
    std::vector<size_t> everywhere;
    // Of the long ones, each 97th place.
    const size_t stride = malformed.bytes.size() > 1000 ? 97 : 1;
    for (size_t cut = 1; cut < malformed.bytes.size(); cut += stride) {
      EXPECT_EQ(Frame(malformed.bytes, {cut}), whole) << malformed.name << " cut at " << cut;
      everywhere.push_back(cut);
    }
    EXPECT_EQ(Frame(malformed.bytes, everywhere), whole) << malformed.name;
  }
}

TEST(Framer, TakesNothingAfterAnError) {
  for (const MalformedRequest& malformed : MalformedRequests()) {
    Framer framer((Limits()));
    framer.Consume(malformed.bytes);
    ASSERT_EQ(framer.phase(), Framer::Phase::kFailed) << malformed.name;
    EXPECT_EQ(framer.Consume(kSmuggled), 0u);
    EXPECT_EQ(framer.phase(), Framer::Phase::kFailed);
    EXPECT_LE(framer.buffered_bytes(), Limits().headers_bytes_max);
    EXPECT_FALSE(framer.error().status.message().empty());
  }
}

TEST(Framer, TellsStrangersAtTheirFirstByte) {
  for (const char first : {'\x16', '\0', ' ', '\x80', '{'}) {
    Framer framer((Limits()));
    framer.Consume(std::string_view(&first, 1));
    EXPECT_EQ(framer.phase(), Framer::Phase::kFailed) << static_cast<int>(first);
  }
}

// --- limits: at the limit, one beyond, far beyond ---

Limits SmallLimits() {
  Limits limits;
  limits.request_line_bytes_max = 100;
  limits.header_line_bytes_max = 50;
  limits.headers_bytes_max = 200;
  limits.headers_max = 10;
  limits.body_bytes_max = 1000;
  return limits;
}

int StatusOf(const std::string& bytes) {
  const Outcome outcome = Frame(bytes, {}, SmallLimits());
  return outcome.error_status != 0 ? outcome.error_status : outcome.requests.empty() ? 0 : 200;
}

TEST(FramerLimits, RequestLine) {
  const auto line = [](size_t bytes) {
    const std::string rest = " HTTP/1.1";
    return Head("", "GET /" + std::string(bytes - 5 - rest.size() - 2, 'a') + rest);
  };
  EXPECT_EQ(StatusOf(line(100)), 200);
  EXPECT_EQ(StatusOf(line(101)), 414);
  EXPECT_EQ(StatusOf(line(100'000)), 414);
}

TEST(FramerLimits, HeaderLine) {
  const auto header = [](size_t bytes) {
    return Head("A: " + std::string(bytes - 5, 'b') + "\r\n");
  };
  EXPECT_EQ(StatusOf(header(50)), 200);
  EXPECT_EQ(StatusOf(header(51)), 431);
  EXPECT_EQ(StatusOf(header(50'000)), 431);
}

TEST(FramerLimits, HeadersTogether) {
  const auto headers = [](size_t bytes) {
    std::string text;  // "Host: a\r\n" is 9
    for (bytes -= 9; bytes > 50; bytes -= 40) text += "A: " + std::string(35, 'b') + "\r\n";
    return Head(text + "A: " + std::string(bytes - 5, 'b') + "\r\n");
  };
  EXPECT_EQ(StatusOf(headers(200)), 200);
  EXPECT_EQ(StatusOf(headers(201)), 431);
  EXPECT_EQ(StatusOf(headers(200'000)), 431);
}

TEST(FramerLimits, NumberOfHeaders) {
  const auto headers = [](size_t count) {
    std::string text;  // and Host
    for (size_t i = 1; i < count; ++i) text += "A: b\r\n";
    return Head(text);
  };
  EXPECT_EQ(StatusOf(headers(10)), 200);
  EXPECT_EQ(StatusOf(headers(11)), 431);
  EXPECT_EQ(StatusOf(headers(10'000)), 431);
}

TEST(FramerLimits, Body) {
  const auto body = [](size_t bytes) {
    return Head("Content-Length: " + std::to_string(bytes) + "\r\n") + std::string(bytes, 'x');
  };
  EXPECT_EQ(StatusOf(body(1000)), 200);
  EXPECT_EQ(StatusOf(body(1001)), 413);
  EXPECT_EQ(StatusOf(body(1'000'000)), 413);
}

TEST(FramerLimits, ChunkedBody) {
  const auto body = [](size_t bytes) {
    std::string text = Head("Transfer-Encoding: chunked\r\n");
    for (; bytes >= 16; bytes -= 16) text += "10\r\n0123456789abcdef\r\n";
    for (; bytes > 0; --bytes) text += "1\r\nx\r\n";
    return text + "0\r\n\r\n";
  };
  EXPECT_EQ(StatusOf(body(1000)), 200);
  EXPECT_EQ(StatusOf(body(1001)), 413);
  EXPECT_EQ(StatusOf(body(1'000'000)), 413);
}

TEST(FramerLimits, ChunkLine) {
  const auto chunk = [](size_t bytes) {
    return Head("Transfer-Encoding: chunked\r\n") + "1;" + std::string(bytes - 4, 'e') +
           "\r\nx\r\n0\r\n\r\n";
  };
  EXPECT_EQ(StatusOf(chunk(kChunkLineBytesMax)), 200);
  EXPECT_EQ(StatusOf(chunk(kChunkLineBytesMax + 1)), 400);
  EXPECT_EQ(StatusOf(chunk(kChunkLineBytesMax * 1000)), 400);
}

TEST(FramerLimits, ChunkExtensionsTogether) {
  const auto chunks = [](size_t extension_bytes) {
    std::string text = Head("Transfer-Encoding: chunked\r\n");
    for (; extension_bytes > 64; extension_bytes -= 64) {
      text += "1;" + std::string(63, 'e') + "\r\nx\r\n";
    }
    return text + "1;" + std::string(extension_bytes - 1, 'e') + "\r\nx\r\n0\r\n\r\n";
  };
  EXPECT_EQ(StatusOf(chunks(kChunkExtensionBytesMax)), 200);
  EXPECT_EQ(StatusOf(chunks(kChunkExtensionBytesMax + 1)), 400);
  EXPECT_EQ(StatusOf(chunks(kChunkExtensionBytesMax * 1000)), 400);
}

TEST(FramerLimits, HoldsNoMoreThanItsBounds) {
  const Limits limits = SmallLimits();
  Framer framer(limits);
  const std::string flood(1000, 'a');
  for (int i = 0; i < 1000 && framer.phase() != Framer::Phase::kFailed; ++i) framer.Consume(flood);
  EXPECT_EQ(framer.phase(), Framer::Phase::kFailed);
  EXPECT_LE(framer.buffered_bytes(), limits.request_line_bytes_max);
}

TEST(FramerLimits, DoesNotReserveWhatIsOnlyAnnounced) {
  Framer framer((Limits()));
  framer.Consume(Head("Content-Length: 1500000\r\n"));
  EXPECT_EQ(framer.phase(), Framer::Phase::kBody);
  EXPECT_LT(framer.buffered_bytes(), 1000u);
}

// --- 100 Continue ---

TEST(Framer, SaysWhenTheClientWaitsForContinue) {
  const std::string head = Head("Expect: 100-continue\r\nContent-Length: 2\r\n");
  Framer framer((Limits()));
  framer.Consume(head.substr(0, head.size() - 1));
  EXPECT_FALSE(framer.ClientWaitsForContinue());
  framer.Consume(head.substr(head.size() - 1));
  EXPECT_TRUE(framer.ClientWaitsForContinue());
  framer.ContinueWasSent();
  EXPECT_FALSE(framer.ClientWaitsForContinue());
  framer.Consume("ab");
  EXPECT_EQ(framer.TakeRequest().body, "ab");
}

TEST(Framer, ABodyThatHasStartedNeedsNoContinue) {
  Framer framer((Limits()));
  framer.Consume(Head("Expect: 100-continue\r\nContent-Length: 2\r\n") + "a");
  EXPECT_EQ(framer.phase(), Framer::Phase::kBody);
  EXPECT_FALSE(framer.ClientWaitsForContinue());
}

TEST(Framer, NoBodyNeedsNoContinue) {
  Framer framer((Limits()));
  framer.Consume(Head("Expect: 100-continue\r\n"));
  EXPECT_EQ(framer.phase(), Framer::Phase::kComplete);
}

// --- chance ---

// How many of a head's lines carry this field, by a parser of its own.
size_t CountFields(std::string_view head, std::string_view lower_case_name) {
  size_t count = 0;
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find('\n'));
    head.remove_prefix(std::min(line.size() + 1, head.size()));
    std::string name(line.substr(0, line.find(':')));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (name == lower_case_name) ++count;
  }
  return count;
}

// Looks at the bytes of a request that passed, with other eyes than the framer's.
void ExpectOneReading(std::string_view bytes, const std::string& what) {
  const size_t end = bytes.find("\r\n\r\n");
  ASSERT_NE(end, std::string_view::npos) << what;
  const std::string_view head = bytes.substr(0, end);
  ASSERT_LE(CountFields(head, "content-length") + CountFields(head, "transfer-encoding"), 1u)
      << what;
  ASSERT_LE(CountFields(head, "host"), 1u) << what;
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\n') {
      ASSERT_TRUE(i > 0 && head[i - 1] == '\r') << what;
    } else if (head[i] == '\r') {
      ASSERT_TRUE(i + 1 < head.size() && head[i + 1] == '\n') << what;
    } else {
      ASSERT_NE(head[i], '\0') << what;
    }
  }
}

std::string Mutate(std::string bytes, Random* random) {
  static const std::vector<std::string> pieces = {
      "\r\n",     "\n",          "\r",
      " ",        "\t",          ":",
      "0",        "\r\n\r\n",    "Content-Length: 3\r\n",
      "chunked",  ",",           ";",
      "\0",       "f",           "0x1",
      "-",        "Host: b\r\n", "Transfer-Encoding: chunked\r\n",
      "HTTP/1.1", "%00",         "/",
      "\xff"};
  const uint64_t changes = random->Between(1, 5);
  for (uint64_t i = 0; i < changes && !bytes.empty(); ++i) {
    const size_t at = random->Below(bytes.size());
    switch (random->Below(5)) {
      case 0:
        bytes[at] = static_cast<char>(random->Below(256));
        break;
      case 1:
        bytes.erase(at, random->Between(1, 8));
        break;
      case 2:
        bytes.insert(at, pieces[random->Below(pieces.size())]);
        break;
      case 3:
        bytes.insert(at, bytes.substr(random->Below(bytes.size()), random->Between(1, 20)));
        break;
      default:
        std::swap(bytes[at], bytes[random->Below(bytes.size())]);
        break;
    }
  }
  return bytes;
}

std::vector<std::string> Corpus() {
  std::vector<std::string> corpus;
  // As many good ones as bad ones: most changes break a request, and the rest should get somewhere.
  for (int i = 0; i < 5; ++i) {
    for (const Good& good : GoodRequests()) corpus.push_back(good.bytes);
  }
  for (const MalformedRequest& malformed : MalformedRequests()) {
    if (malformed.bytes.size() < 1000) corpus.push_back(malformed.bytes);
  }
  return corpus;
}

TEST(FramerFuzz, MutatedBytesHaveOneReadingOrNone) {
  const std::vector<std::string> corpus = Corpus();
  Random random(20261123);
  int passed = 0;
  for (int i = 0; i < 60'000; ++i) {
    const std::string bytes = Mutate(corpus[random.Below(corpus.size())], &random);
    Framer framer((Limits()));
    std::string_view rest = bytes;
    while (!rest.empty() && framer.phase() != Framer::Phase::kFailed) {
      const size_t taken = framer.Consume(rest);
      ASSERT_LE(taken, rest.size());
      if (framer.phase() == Framer::Phase::kComplete) {
        std::string_view request = rest.substr(0, taken);
        while (request.starts_with("\r\n")) request.remove_prefix(2);
        ExpectOneReading(request, bytes);
        framer.TakeRequest();
        ++passed;
      }
      rest.remove_prefix(taken);
    }
  }
  // The mutations are mild enough to reach what lies behind the head.
  EXPECT_GT(passed, 3'000);
}

TEST(FramerFuzz, RandomCutsDoNotMatter) {
  const std::vector<std::string> corpus = Corpus();
  Random random(4711);
  for (int i = 0; i < 20'000; ++i) {
    const std::string bytes = Mutate(corpus[random.Below(corpus.size())], &random);
    std::vector<size_t> cuts;
    for (size_t cut = random.Below(20); cut < bytes.size(); cut += random.Between(1, 20)) {
      cuts.push_back(cut);
    }
    ASSERT_EQ(Frame(bytes, cuts), Frame(bytes)) << bytes;
  }
}

TEST(FramerFuzz, NoShapeHidesASecondRequest) {
  for (const MalformedRequest& shape : SmugglingRequests()) {
    for (const std::string& request : Frame(shape.bytes).requests) {
      EXPECT_EQ(request.find("/smuggled"), std::string::npos) << shape.name;
    }
  }
}

}  // namespace
}  // namespace baton::http
