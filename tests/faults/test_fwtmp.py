from tests.faults.test_matrix import *
from tests.faults.columns import ENVOY
async def test_x(hass, virtual_time, there):
    entry = await ENVOY.add(hass, there)
    await virtual_time.run(150)
    d = entry.runtime_data.device
    def show(what):
        print("XX", what, hass.states.get('sensor.envoy_122000000001_production_last_7_days').state, hass.states.get('sensor.envoy_122000000001_production_today'),
        {k:(b.values) for k,b in d.blocks.items() if type(b).__name__ in('Eim',)}, d.site.block if hasattr(d.site,'block') else '', d.ledger.__dict__ if hasattr(d,'ledger') else '')
        print("XX asked", there.envoy.asked('/production.json'), d.good(d.eim('production') if hasattr(d,'eim') else None) if hasattr(d,'eim') else '')
    show('before')
    there.envoy.fail('*','numbers:-32768')
    await virtual_time.run(60)
    show('during')
    there.envoy.heal()
    for _ in range(3):
        await virtual_time.run(300)
        show('after')
