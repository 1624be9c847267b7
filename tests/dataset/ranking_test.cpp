#include "dataset/ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace convscope {
namespace {

const Ranking::Before by_number = [](std::int64_t photo, std::int64_t other) { return photo < other; };

TEST(Ranking, IsTheBeginningOfASortedList) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Ranked> photos;
    for (int i = 0; i < 40; ++i) // many are equal, and some silent
      photos.push_back({i, static_cast<float>(static_cast<int>(random() % 9) - 2) / 4, 7U * static_cast<unsigned>(i)});
    std::shuffle(photos.begin(), photos.end(), random);
    Ranking ranking(9, by_number);
    for (const Ranked &photo : photos)
      ranking.add(photo);
    std::erase_if(photos, [](const Ranked &photo) { return photo.value == 0; });
    std::sort(photos.begin(), photos.end(), [](const Ranked &a, const Ranked &b) {
      return a.value != b.value ? a.value > b.value : a.photo < b.photo;
    });
    photos.resize(std::min<std::size_t>(photos.size(), 9));
    const std::vector<Ranked> best = ranking.best();
    ASSERT_EQ(best.size(), photos.size());
    for (std::size_t i = 0; i < best.size(); ++i) {
      EXPECT_EQ(best[i].photo, photos[i].photo);
      EXPECT_EQ(best[i].value, photos[i].value);
      EXPECT_EQ(best[i].place, photos[i].place);
    }
  }
}

TEST(Ranking, NumbersThatAreNoneAndSilence) {
  Ranking ranking(3, by_number);
  ranking.add({0, std::numeric_limits<float>::quiet_NaN(), 0});
  ranking.add({1, 0, 0});
  EXPECT_TRUE(ranking.best().empty());
  ranking.add({2, -3, 0}); // of a layer before its activation
  ASSERT_EQ(ranking.best().size(), 1U);
  EXPECT_EQ(ranking.best()[0].photo, 2);
}

// Each value in the bin that its edges say, whatever the order.
TEST(Histogram, CountsEachValueWhereItLies) {
  std::mt19937 random(2);
  for (const double scale : {1.0, 1e-30, 1e12})
    for (const bool negative : {false, true})
      for (const bool zeros : {false, true}) {
        std::vector<double> values;
        for (int i = 0; i < 300; ++i) {
          const double value = std::exp(static_cast<double>(random() % 1000) / 100) * scale;
          values.push_back(zeros && i % 3 == 0 ? 0 : negative && i % 4 == 0 ? -value : value);
        }
        std::vector<Histogram> histograms;
        for (int order = 0; order < 4; ++order) {
          HistogramCounter counter;
          for (const double value : values)
            counter.add(value);
          histograms.push_back(counter.histogram());
          std::shuffle(values.begin(), values.end(), random);
        }
        const Histogram &histogram = histograms[0];
        for (const Histogram &other : histograms)
          EXPECT_EQ(other, histogram);
        ASSERT_EQ(histogram.edges.size(), histogram.counts.size() + 1);
        EXPECT_LE(histogram.counts.size(), 64U);
        EXPECT_GE(histogram.counts.size(), 16U);
        for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
          const auto count = std::count_if(values.begin(), values.end(), [&](double value) {
            return value >= histogram.edges[i] && value < histogram.edges[i + 1];
          });
          EXPECT_EQ(histogram.counts[i], count);
        }
        EXPECT_GT(histogram.counts.back(), 0);
        EXPECT_EQ(histogram.edges.front() == 0, !negative);
      }
}

TEST(Histogram, OfSilenceAndOfNothing) {
  HistogramCounter counter;
  EXPECT_TRUE(counter.histogram().counts.empty());
  counter.add(0);
  counter.add(0);
  EXPECT_EQ(counter.histogram(), (Histogram{{0, 1}, {2}}));
}

} // namespace
} // namespace convscope
