"""Every attack on the readers of text.

Files are made when they are asked for; none holds more than 100 MB, and none of these stands in memory as a whole.
"""

from data_pipeline_tests.ingest.siege import Attack
from data_pipeline_tests.ingest.text.content_attacks import CONTENT_ATTACKS
from data_pipeline_tests.ingest.text.encoding_attacks import ENCODING_ATTACKS
from data_pipeline_tests.ingest.text.layout_attacks import LAYOUT_ATTACKS
from data_pipeline_tests.ingest.text.size_attacks import SIZE_ATTACKS
from data_pipeline_tests.ingest.text.structure_attacks import STRUCTURE_ATTACKS
from data_pipeline_tests.ingest.text.value_attacks import VALUE_ATTACKS

ATTACKS: tuple[Attack, ...] = (
    *STRUCTURE_ATTACKS,
    *LAYOUT_ATTACKS,
    *ENCODING_ATTACKS,
    *CONTENT_ATTACKS,
    *VALUE_ATTACKS,
    *SIZE_ATTACKS,
)
