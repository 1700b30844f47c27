// Texts that many streams share, and how the room for all streams is shared.
#include "pkg/http/stream_budget.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "pkg/http/stream_buffer.h"

namespace baton::http {
namespace {

using Appended = StreamBuffer::Appended;

SharedText Text(size_t bytes) { return std::make_shared<const std::string>(bytes, 't'); }

std::string BytesOf(const StreamBuffer::Taken& taken) {
  std::string bytes;
  for (const OutputPiece& piece : taken.pieces) bytes += piece.view();
  return bytes;
}

TEST(StreamBudget, TakesUpToItsBound) {
  StreamBudget budget(100);
  EXPECT_FALSE(budget.Take(101));
  EXPECT_FALSE(budget.Take(~size_t{0}));
  EXPECT_TRUE(budget.Take(99));
  EXPECT_FALSE(budget.Take(2));
  EXPECT_TRUE(budget.Take(1));
  EXPECT_FALSE(budget.Take(1));
  budget.TakeAnyway(50);
  EXPECT_EQ(budget.used(), 150u);
  EXPECT_FALSE(budget.Take(1));
  budget.Return(150);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(StreamBudget, ChargesASharedTextOnce) {
  StreamBudget budget(100);
  const SharedText text = Text(60);
  const SharedText other = Text(60);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(budget.TakeShared(text.get()));
  EXPECT_EQ(budget.used(), 60u);
  EXPECT_FALSE(budget.TakeShared(other.get())) << "as long as the first, but another";
  for (int i = 0; i < 999; ++i) budget.ReturnShared(text.get());
  EXPECT_EQ(budget.used(), 60u);
  budget.ReturnShared(text.get());
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_TRUE(budget.TakeShared(other.get()));
}

TEST(StreamBuffer, PutsASharedTextInItsFrame) {
  for (const size_t bytes : {StreamBuffer::kSharedBytesMin - 1, StreamBuffer::kSharedBytesMin}) {
    const auto budget = std::make_shared<StreamBudget>(100'000);
    const SharedText text = Text(bytes);
    StreamBuffer chunked(budget, 100'000, true);
    EXPECT_EQ(chunked.Append("a"), Appended::kFirst);
    EXPECT_EQ(chunked.AppendShared(text), Appended::kMore);
    EXPECT_EQ(chunked.Append("b"), Appended::kMore);
    const StreamBuffer::Taken taken = chunked.Take();
    const std::string size = bytes == StreamBuffer::kSharedBytesMin ? "1000" : "fff";
    EXPECT_EQ(BytesOf(taken), "1\r\na\r\n" + size + "\r\n" + *text + "\r\n1\r\nb\r\n");
    const bool is_shared = taken.pieces.size() == 3 && taken.pieces[1].shared == text;
    EXPECT_EQ(is_shared, bytes == StreamBuffer::kSharedBytesMin);
    StreamBuffer plain(budget, 100'000, false);
    EXPECT_EQ(plain.AppendShared(text), Appended::kFirst);
    EXPECT_EQ(BytesOf(plain.Take()), *text);
  }
}

TEST(StreamBuffer, ReturnsASharedTextWhenTheLastStreamHasSentIt) {
  const auto budget = std::make_shared<StreamBudget>(100'000);
  const SharedText text = Text(10'000);
  StreamBuffer first(budget, 100'000, false);
  StreamBuffer second(budget, 100'000, false);
  for (StreamBuffer* buffer : {&first, &second}) {
    buffer->Append("12345");
    buffer->AppendShared(text);
    buffer->Append("67");
  }
  EXPECT_EQ(budget->used(), 2 * 7 + text->size());
  first.Take();
  first.SetUnsent(10'004);
  EXPECT_EQ(budget->used(), 4 + 7 + text->size());
  first.SetUnsent(3);
  EXPECT_EQ(budget->used(), 2 + 7 + text->size());
  first.SetUnsent(2);
  EXPECT_EQ(text.use_count(), 2) << "the first has sent it";
  second.Stop();
  EXPECT_EQ(budget->used(), 2u);
  EXPECT_EQ(text.use_count(), 1);
  first.SetUnsent(0);
  EXPECT_EQ(budget->used(), 0u);
}

TEST(StreamBuffer, ASharedTextCountsInFullForTheBoundOfAStream) {
  const auto budget = std::make_shared<StreamBudget>(1 << 20);
  const SharedText text = Text(10'000);
  StreamBuffer enough(budget, 20'000, false);
  EXPECT_NE(enough.AppendShared(text), Appended::kRefused);
  EXPECT_NE(enough.AppendShared(text), Appended::kRefused);
  StreamBuffer less(budget, 19'999, false);
  EXPECT_NE(less.AppendShared(text), Appended::kRefused);
  EXPECT_EQ(less.AppendShared(text), Appended::kRefused);
  EXPECT_EQ(less.Append("x"), Appended::kRefused) << "a gap would be worse than an end";
  StreamBuffer poor(std::make_shared<StreamBudget>(10'003), 100'000, true);
  EXPECT_EQ(poor.AppendShared(text), Appended::kRefused) << "with its frame it is 10,008";
  const auto exact = std::make_shared<StreamBudget>(10'008);
  StreamBuffer just(exact, 100'000, true);
  EXPECT_NE(just.AppendShared(text), Appended::kRefused);
  EXPECT_EQ(exact->used(), 10'008u);
}

// Streams that are not read cannot take the room of those that are.
TEST(StreamBuffer, WhoDoesNotReadLeavesRoomForOthers) {
  const auto budget = std::make_shared<StreamBudget>(40'000);
  const auto fill = [](StreamBuffer* buffer) {
    size_t bytes = 0;
    while (buffer->Append(std::string(100, 'x')) != Appended::kRefused) bytes += 100;
    return bytes;
  };
  StreamBuffer first(budget, 1 << 20, false);
  EXPECT_EQ(fill(&first), 15'000u) << "half of three quarters";
  StreamBuffer second(budget, 1 << 20, false);
  EXPECT_EQ(fill(&second), 7'500u) << "half of what is left";
  std::vector<std::unique_ptr<StreamBuffer>> others;
  for (int i = 0; i < 100; ++i) {
    others.push_back(std::make_unique<StreamBuffer>(budget, 1 << 20, false));
    fill(others.back().get());
  }
  EXPECT_GE(budget->used(), 30'000u);
  EXPECT_LE(budget->used(), 40'000u);
  others.resize(50);
  StreamBuffer reads(budget, 1 << 20, false);
  for (int i = 0; i < 100; ++i) {
    EXPECT_NE(reads.Append(std::string(4'000, 'x')), Appended::kRefused) << i;
    reads.Take();
    reads.SetUnsent(0);
  }
}

}  // namespace
}  // namespace baton::http
