#include "pkg/http/testing/malformed_requests.h"

#include <string_view>

namespace baton::http {
namespace {

// The bytes of a literal, NUL among them.
template <size_t kSize>
std::string Bytes(const char (&literal)[kSize]) {
  return std::string(literal, kSize - 1);
}

std::string Get(const std::string& headers) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::string Post(const std::string& headers, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + body;
}

std::string Chunked(const std::string& body) {
  return Post("Transfer-Encoding: chunked\r\n", body);
}

void AddRequestLines(std::vector<MalformedRequest>* all) {
  const auto add = [all](const char* name, const std::string& line, int status = 400) {
    all->push_back({std::string("line: ") + name, line + "\r\nHost: a\r\n\r\n", status});
  };
  add("HTTP/0.9", "GET /");
  add("HTTP/0.9 with blank", "GET / ");
  add("no target", "GET HTTP/1.1");
  add("two blanks", "GET  / HTTP/1.1");
  add("two blanks before version", "GET /  HTTP/1.1");
  add("tab for blank", "GET\t/\tHTTP/1.1");
  add("trailing blank", "GET / HTTP/1.1 ");
  add("leading blank", " GET / HTTP/1.1");
  add("blank in target", "GET /a b HTTP/1.1");
  add("method with NUL", Bytes("GE\0T / HTTP/1.1"));
  add("method with colon", "GET: / HTTP/1.1");
  add("method with bracket", "G(T / HTTP/1.1");
  add("unknown method", "BREW / HTTP/1.1", 501);
  add("lower-case method", "get / HTTP/1.1", 501);
  add("CONNECT", "CONNECT a:80 HTTP/1.1", 501);
  add("TRACE", "TRACE / HTTP/1.1", 501);
  add("absolute form", "GET http://a/ HTTP/1.1");
  add("absolute form to another host", "GET http://b/ HTTP/1.1");
  add("asterisk form", "OPTIONS * HTTP/1.1");
  add("target without slash", "GET a HTTP/1.1");
  add("fragment", "GET /a#b HTTP/1.1");
  add("raw UTF-8 in target", "GET /\xc3\xa4 HTTP/1.1");
  add("NUL in target", Bytes("GET /a\0b HTTP/1.1"));
  add("DEL in target", "GET /a\x7f HTTP/1.1");
  add("bare CR in target", "GET /a\rb HTTP/1.1");
  add("HTTP/2.0", "GET / HTTP/2.0", 505);
  add("HTTP/1.2", "GET / HTTP/1.2", 505);
  add("HTTP/3.0", "GET / HTTP/3.0", 505);
  add("lower-case http", "GET / http/1.1");
  add("short version", "GET / HTTP/1");
  add("long version", "GET / HTTP/1.10");
  add("version with letters", "GET / HTTP/1.x");
  add("only a word", "GET");
  add("garbage", "\x01\x02\x03");
}

void AddWholeHeads(std::vector<MalformedRequest>* all) {
  const auto add = [all](const char* name, const std::string& bytes, int status = 400) {
    all->push_back({std::string("head: ") + name, bytes, status});
  };
  add("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
  add("TLS hello", Bytes("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"));
  add("SSH banner after a blank", " SSH-2.0\r\n");
  add("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  add("bare LF first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  add("bare LF after request line", "GET / HTTP/1.1\nHost: a\r\n\r\n");
  add("bare LF after header", "GET / HTTP/1.1\r\nHost: a\n\r\n");
  add("bare LF as end", "GET / HTTP/1.1\r\nHost: a\r\n\n");
  add("bare CR before header", "GET / HTTP/1.1\r\rHost: a\r\n\r\n");
  add("CR CR LF", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n");
  add("no Host", "GET / HTTP/1.1\r\n\r\n");
  add("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n");
  add("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  add("two equal Hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n");
  add("Host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n");
  add("Host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n");
  add("Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n");
  add("Host with blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
}

void AddHeaders(std::vector<MalformedRequest>* all) {
  const auto add = [all](const char* name, const std::string& headers, int status = 400) {
    all->push_back({std::string("header: ") + name, Get(headers), status});
  };
  add("blank before colon", "A : b\r\n");
  add("tab before colon", "A\t: b\r\n");
  add("folded with blank", "A: b\r\n c\r\n");
  add("folded with tab", "A: b\r\n\tc\r\n");
  add("empty name", ": b\r\n");
  add("no colon", "Ab\r\n");
  add("blank in name", "A b: c\r\n");
  add("NUL in name", Bytes("A\0: b\r\n"));
  add("NUL in value", Bytes("A: b\0c\r\n"));
  add("bare CR in value", "A: b\rc\r\n");
  add("bell in value", "A: \x07\r\n");
  add("DEL in value", "A: \x7f\r\n");
  add("UTF-8 in name", "\xc3\xa4: b\r\n");
  add("quote in name", "\"A\": b\r\n");
  add("parenthesis in name", "A(b): c\r\n");
  add("unknown expectation", "Expect: 200-ok\r\n", 417);
  add("two expectations", "Expect: 100-continue\r\nExpect: 100-continue\r\n");
  add(
      "too many",
      [] {
        std::string many;
        for (int i = 0; i < 100; ++i) many += "A: b\r\n";  // and Host
        return many;
      }(),
      431);
  add("too long", "A: " + std::string(9000, 'b') + "\r\n", 431);
  add(
      "too large together",
      [] {
        std::string large;
        for (int i = 0; i < 40; ++i) large += "A: " + std::string(1000, 'b') + "\r\n";
        return large;
      }(),
      431);
  all->push_back({"line too long", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n", 414});
  all->push_back({"line without end", std::string(60'000, 'G'), 414});
}

void AddBodies(std::vector<MalformedRequest>* all) {
  const auto add = [all](const char* name, const std::string& bytes, int status = 400) {
    all->push_back({std::string("body: ") + name, bytes, status});
  };
  add("gzip", Post("Content-Encoding: gzip\r\nContent-Length: 1\r\n", "x"), 415);
  add("br without body", Get("Content-Encoding: br\r\n"), 415);
  add("identity, gzip", Post("Content-Encoding: identity, gzip\r\nContent-Length: 1\r\n", "x"),
      415);
  add("too large", Post("Content-Length: 1572865\r\n", ""), 413);
  add("far too large", Post("Content-Length: 1572864000\r\n", ""), 413);
  add("length overflows", Post("Content-Length: 18446744073709551617\r\n", ""));
  add("length with 100 digits", Post("Content-Length: " + std::string(100, '9') + "\r\n", ""));
  add("chunk too large", Chunked("180001\r\n"), 413);
  add("chunk size overflows", Chunked("10000000000000001\r\n"));
  add("chunk size of 16 f", Chunked("ffffffffffffffff\r\n"), 413);
  add("chunk size not hex", Chunked("g\r\nx\r\n0\r\n\r\n"));
  add("chunk size empty", Chunked("\r\n0\r\n\r\n"));
  add("chunk size with 0x", Chunked("0x1\r\nx\r\n0\r\n\r\n"));
  add("chunk size negative", Chunked("-1\r\nx\r\n0\r\n\r\n"));
  add("chunk size with plus", Chunked("+1\r\nx\r\n0\r\n\r\n"));
  add("chunk size after blank", Chunked(" 1\r\nx\r\n0\r\n\r\n"));
  add("chunk size before blank", Chunked("1 \r\nx\r\n0\r\n\r\n"));
  add("chunk size with bare LF", Chunked("1\nx\r\n0\r\n\r\n"));
  add("chunk longer than its size", Chunked("1\r\nxy\r\n0\r\n\r\n"));
  add("chunk ends in bare LF", Chunked("1\r\nx\n0\r\n\r\n"));
  add("chunk ends in CR CR", Chunked("1\r\nx\r\r0\r\n\r\n"));
  add("chunk line too long", Chunked("1;" + std::string(300, 'e') + "\r\nx\r\n0\r\n\r\n"));
  add("bare CR in extension", Chunked("1;a\rb\r\nx\r\n0\r\n\r\n"));
  add("bare LF in extension", Chunked("1;a\nb\r\nx\r\n0\r\n\r\n"));
  add("trailer", Chunked("0\r\nA: b\r\n\r\n"));
  add("trailer with length", Chunked("0\r\nContent-Length: 5\r\n\r\nhello"));
  add("last chunk ends in bare LF", Chunked("0\r\n\n"));
}

}  // namespace

std::vector<MalformedRequest> SmugglingRequests() {
  std::vector<MalformedRequest> all;
  const std::string hidden(kSmuggled);
  const auto add = [&](const char* name, const std::string& headers) {
    all.push_back({std::string("smuggle: ") + name, Post(headers, hidden)});
  };
  const auto add_chunked = [&](const char* name, const std::string& headers) {
    all.push_back({std::string("smuggle: ") + name, Post(headers, "0\r\n\r\n" + hidden)});
  };
  add("length 0 then 50", "Content-Length: 0\r\nContent-Length: 50\r\n");
  add("equal lengths", "Content-Length: 0\r\nContent-Length: 0\r\n");
  add("length list", "Content-Length: 0, 0\r\n");
  add("length with sign", "Content-Length: +0\r\n");
  add("negative length", "Content-Length: -1\r\n");
  add("length in hex", "Content-Length: 0x5\r\n");
  add("length with letters", "Content-Length: 0a\r\n");
  add("length with blank", "Content-Length: 0 0\r\n");
  add("empty length", "Content-Length:\r\n");
  add("length with point", "Content-Length: 0.0\r\n");
  add("blank before length's colon", "Content-Length : 0\r\n");
  add("folded length", "Content-Length:\r\n 0\r\n");
  add_chunked("both length and chunked", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n");
  add_chunked("both, other order", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n");
  add_chunked("two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n");
  add_chunked("chunked twice", "Transfer-Encoding: chunked, chunked\r\n");
  add_chunked("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n");
  add_chunked("chunked, identity", "Transfer-Encoding: chunked, identity\r\n");
  add_chunked("identity", "Transfer-Encoding: identity\r\n");
  add_chunked("xchunked", "Transfer-Encoding: xchunked\r\n");
  add_chunked("quoted", "Transfer-Encoding: \"chunked\"\r\n");
  add_chunked("with parameter", "Transfer-Encoding: chunked;q=1\r\n");
  add_chunked("empty coding", "Transfer-Encoding:\r\n");
  add_chunked("blank before colon", "Transfer-Encoding : chunked\r\n");
  add_chunked("vertical tab", "Transfer-Encoding: \vchunked\r\n");
  add_chunked("folded coding", "Transfer-Encoding:\r\n chunked\r\n");
  add_chunked("NUL in name", Bytes("Transfer-Encoding\0: chunked\r\n"));
  add_chunked("bare CR before coding", "A: b\rTransfer-Encoding: chunked\r\n");
  add_chunked("bare LF before coding", "A: b\nTransfer-Encoding: chunked\r\n");
  all.push_back(
      {"smuggle: chunked in HTTP/1.0",
       "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden});
  all.push_back(
      {"smuggle: chunk size overflow", Chunked("100000000\r\n\r\n0\r\n\r\n" + hidden), 413});
  all.push_back({"smuggle: chunk extension with LF", Chunked("0;\n\r\n\r\n" + hidden)});
  all.push_back({"smuggle: after an error", "GET / HTTP/1.1\r\n\r\n" + hidden});
  return all;
}

std::vector<MalformedRequest> MalformedRequests() {
  std::vector<MalformedRequest> all = SmugglingRequests();
  AddRequestLines(&all);
  AddWholeHeads(&all);
  AddHeaders(&all);
  AddBodies(&all);
  return all;
}

}  // namespace baton::http
