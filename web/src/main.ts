import { mount } from 'svelte'
import './app.css'
import { language, setLanguage } from './i18n/index.svelte'
import Root from './Root.svelte'

setLanguage(language.now)
const target = document.getElementById('app')
if (target !== null) mount(Root, { target })
