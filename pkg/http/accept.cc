#include "pkg/http/accept.h"

#include <algorithm>
#include <vector>

namespace baton::http {
namespace {

// In thousandths, as the quality of RFC 9110 has at most three decimals.
constexpr int kQualityMax = 1000;
// More alternatives than anybody means.
constexpr size_t kRangesMax = 32;

struct MediaRange {
  std::string type;  // "text/html", "text/*" or "*/*", in lower case
  int quality = kQualityMax;
};

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// Takes the next piece up to `separator` off *text.
std::string_view TakePiece(char separator, std::string_view* text) {
  const size_t end = std::min(text->find(separator), text->size());
  const std::string_view piece = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return Trim(piece);
}

// "0.25" -> 250. What is no quality counts as 1.
int ParseQuality(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text[0] == '1') return kQualityMax;
  if (text.size() > 1 && text[1] != '.') return kQualityMax;
  int quality = 0;
  for (size_t i = 2, unit = 100; i < 5; ++i, unit /= 10) {
    const char digit = i < text.size() ? text[i] : '0';
    if (digit < '0' || digit > '9') return kQualityMax;
    quality += (digit - '0') * static_cast<int>(unit);
  }
  return quality;
}

MediaRange ParseRange(std::string_view text) {
  MediaRange range;
  range.type = TakePiece(';', &text);
  std::transform(range.type.begin(), range.type.end(), range.type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  while (!text.empty()) {
    const std::string_view parameter = TakePiece(';', &text);
    if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
      range.quality = ParseQuality(parameter.substr(2));
    }
  }
  return range;
}

// The quality of the most specific range that covers the type; 0: none does.
int QualityOf(std::string_view type, const std::vector<MediaRange>& ranges) {
  const std::string any_subtype = std::string(type.substr(0, type.find('/'))) + "/*";
  for (const std::string_view wanted :
       {type, std::string_view(any_subtype), std::string_view("*/*")}) {
    for (const MediaRange& range : ranges) {
      if (range.type == wanted) return range.quality;
    }
  }
  return 0;
}

}  // namespace

std::string_view BestMediaType(const Request& request,
                               std::initializer_list<std::string_view> offered) {
  const std::string* accept = request.Header("accept");
  if (accept == nullptr || Trim(*accept).empty()) return *offered.begin();
  std::vector<MediaRange> ranges;
  std::string_view rest = *accept;
  while (!rest.empty() && ranges.size() < kRangesMax) {
    ranges.push_back(ParseRange(TakePiece(',', &rest)));
  }
  std::string_view best;
  int best_quality = 0;
  for (const std::string_view type : offered) {
    const int quality = QualityOf(type, ranges);
    if (quality <= best_quality) continue;
    best = type;
    best_quality = quality;
  }
  return best;
}

}  // namespace baton::http
